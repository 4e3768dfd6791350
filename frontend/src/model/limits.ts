// How much a flow may have: the server publishes no more (apps/flows/definition), and a page could not draw it.

import defaults from "./defaults.json"
import { groupsOf, notesOf, type Definition } from "./definition"

export const LONGEST: { readonly name: number; readonly text: number } = defaults.longest

/** Say what there is too much of in what a gesture has made; empty where nothing is. What was there before may stay. */
export function excessOf(made: Definition, before: Definition): string {
    for (const [what, most] of Object.entries(defaults.limits)) {
        const n = countOf(made, what)
        if (n > most && n > countOf(before, what)) return `These are ${n} ${what}: a flow has ${most} at most.`
    }
    const named = [...made.nodes, ...groupsOf(made)].find(({ name = "" }) => name.length > LONGEST.name)
    const known = new Set<object>([...before.nodes, ...groupsOf(before), ...notesOf(before)])
    if (named && !known.has(named)) return `A name has ${LONGEST.name} characters at most.`
    const written = notesOf(made).find(({ text = "" }) => text.length > LONGEST.text)
    return written && !known.has(written) ? `A note has ${LONGEST.text} characters at most.` : ""
}

function countOf(definition: Definition, what: string): number {
    const parts = definition[what]
    return Array.isArray(parts) ? parts.length : 0
}
