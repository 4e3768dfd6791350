// What would be sent to somebody.

import type { Json, JsonObject } from "../model/json"

/** A mail as a mail; anything else as it would be sent. */
export function Message({ request }: { readonly request: JsonObject }) {
    const { to, subject, html, text, ...others } = request
    if (subject === undefined) return <pre tabIndex={0}>{JSON.stringify(request, null, 2)}</pre>
    return (
        <article className="mail">
            <p>
                <b>To</b> {shown(to)}
            </p>
            <p>
                <b>Subject</b> {shown(subject)}
            </p>
            {typeof html === "string" && html ? (
                // No script of the mail runs, and it is nobody's page.
                <iframe title="The mail" sandbox="" srcDoc={html} />
            ) : (
                <pre tabIndex={0}>{shown(text)}</pre>
            )}
            {Object.keys(others).length > 0 && (
                <details>
                    <summary>All that is sent</summary>
                    <pre tabIndex={0}>{JSON.stringify(others, null, 2)}</pre>
                </details>
            )}
        </article>
    )
}

function shown(value: Json | undefined): string {
    return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value)
}
