import type { ReactNode } from "react"

/** Shows a text with what little of Markdown notes have: headings, lists, and what is strong. */
export function Markdown({ text }: { readonly text: string }) {
    return text.split("\n").map((line, at) => {
        const [, sign, words = ""] = /^(#{1,3}|[-*])\s+(.*)$/.exec(line) ?? []
        const shown = strong(sign === undefined ? line : words)
        if (sign === undefined) return <p key={at}>{line ? shown : "\u00a0"}</p>
        return sign.startsWith("#") ? <h3 key={at}>{shown}</h3> : <p key={at}>• {shown}</p>
    })
}

function strong(text: string): ReactNode[] {
    return text.split(/\*\*(.+?)\*\*/).map((part, at) => (at % 2 ? <strong key={at}>{part}</strong> : part))
}
