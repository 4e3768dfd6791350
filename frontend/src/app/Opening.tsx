// What is shown until the flow is loaded, and where it cannot be.

import { useEffect, useState, type ReactNode } from "react"
import type { Boot } from "../boot"
import { Refused } from "../server/api"
import { CopyText } from "../saving/CopyText"
import { openEditor, Undrawable } from "../store/open_editor"
import type { Editor } from "../store/use_editor"

interface Props {
    readonly boot: Boot
    readonly children: (editor: Editor) => ReactNode
}

export function Opening({ boot, children }: Props) {
    const [editor, setEditor] = useState<Editor | null>(null)
    const [error, setError] = useState<unknown>(null)
    useEffect(() => {
        let isGone = false
        openEditor(boot).then(
            (found) => (isGone ? found.store.keeper.close() : setEditor(found)),
            (failure: unknown) => !isGone && setError(failure),
        )
        return () => {
            isGone = true
        }
    }, [boot])
    if (editor) return children(editor)
    if (error === null) return <p className="opening" role="status">Loading the flow …</p>
    return (
        <div className="opening" role="alert">
            <p>{reasonOf(error)}</p>
            {error instanceof Undrawable && error.unsaved && (
                <p>
                    What you had not saved is kept in this browser, and comes back once the text is mended.
                </p>
            )}
            <p className="row">
                <a className="cdp-link" href={boot.pages.form}>
                    Edit it as text
                </a>
                <a className="cdp-link" href={window.location.href}>
                    Try again
                </a>
                {error instanceof Undrawable && error.unsaved && <CopyText className="cdp-link" definition={error.unsaved} />}
            </p>
        </div>
    )
}

function reasonOf(error: unknown): string {
    if (error instanceof Undrawable) return "The draft cannot be drawn. Its text can be mended."
    if (error instanceof Refused && error.isSignedOut) return "You are not signed in any more."
    if (error instanceof Refused) return error.message
    return "The server cannot be reached."
}
