interface Props {
    readonly title: string
    readonly about: string
    readonly help: string
    readonly effects: string
}

/** What a kind of node does, as its page in the documentation says. */
export function Help({ title, about, help, effects }: Props) {
    return (
        <details className="kind-help">
            <summary>{about || `What ${title} does`}</summary>
            {help.split(/\n{2,}/).map((paragraph) => (
                <p key={paragraph}>{paragraph}</p>
            ))}
            {effects && <p className="help">{effects}</p>}
        </details>
    )
}
