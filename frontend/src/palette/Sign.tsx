// A small picture for each group of nodes; it says nothing that the words beside it do not.

const PATHS: Readonly<Record<string, string>> = {
    flow: "M8 2v4M8 6L3 11v3M8 6l5 5v3",
    waits: "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3zM8 5.5V8l2 1.5",
    data: "M5 3C3 3 4.5 7 2.5 8 4.5 9 3 13 5 13M11 3c2 0 .5 4 2.5 5-2 1-.5 5-2.5 5",
    time: "M3 4h10v9H3zM3 7h10M6 2v3M10 2v3",
    place: "M8 14s4.5-4.5 4.5-7.5a4.5 4.5 0 0 0-9 0C3.5 9.5 8 14 8 14zM8 5v3",
    past: "M3 8a5 5 0 1 1 1.5 3.5M3 13v-3h3M8 5.5V8l2 1",
    profile: "M8 3a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM3 14c.5-3 2.5-4 5-4s4.5 1 5 4",
    messages: "M2.5 4h11v8h-11zM2.5 4.5L8 9l5.5-4.5",
    teams: "M3 3h10v7H8l-3 3v-3H3z",
    outside: "M6 4H3v9h9v-3M8 8l5-5M9.5 3H13v3.5",
    "on-page": "M2.5 3h11v10h-11zM2.5 6h11M5 9h6",
}
const OTHER = "M4 4h8v8H4z"
const START = "M5 3l8 5-8 5z"
const END = "M4 4h8v8H4z"

export function Sign({ group, kind }: { readonly group: string; readonly kind: string }) {
    const path = kind === "start" ? START : kind === "end" ? END : (PATHS[group] ?? OTHER)
    return (
        <svg className="sign" data-group={group} viewBox="0 0 16 16" aria-hidden="true">
            <path d={path} />
        </svg>
    )
}
