// Copies, as text: see model/clipboard.ts.

import { copied, pasted } from "../model/clipboard"
import { noteOf, nodeOf, positionOf } from "../model/definition"
import { READ_ONLY, chosenBesidesStart, countedBoth, type Desk } from "./desk"

/** How far a duplicate is from what it is one of. */
const ASIDE = 30

/** Return what is selected as text; an empty one, and a word, where nothing can be copied. */
export function copy(desk: Desk): string {
    const { nodes, notes } = chosenBesidesStart(desk)
    if (!nodes.size && !notes.size) {
        desk.store.refuse("Select what you want to copy. A flow has one start, which is not copied.")
        return ""
    }
    desk.store.say(`Copied: ${countedBoth(nodes.size, notes.size)}`)
    return copied(desk.store.state.definition, nodes, notes)
}

export function paste(desk: Desk, text: string, label = "Paste", at = desk.board.view?.target()): boolean {
    const { store } = desk
    const { kinds } = store.state
    if (!store.isEditable) {
        store.refuse(READ_ONLY)
        return false
    }
    const found = pasted(store.arrange(store.state.definition), text, at ?? { x: 0, y: 0 }, kinds, Math.random)
    if (!found) {
        store.refuse("The clipboard has no nodes.")
        return false
    }
    const what = countedBoth(found.ids.size, found.notes.size)
    if (!store.act({ label: `${label} ${what}` }, () => found.definition)) return false
    store.select({ nodes: found.ids, notes: found.notes })
    const [first] = found.ids
    desk.board.set({ current: first ?? null, port: null })
    store.say(`${label}: ${what}`)
    return true
}

export function duplicate(desk: Desk): void {
    const { nodes, notes } = chosenBesidesStart(desk)
    if (!nodes.size && !notes.size) return desk.store.refuse("Select what you want to duplicate.")
    const definition = desk.store.arrange(desk.store.state.definition)
    const parts = [...[...nodes].map((id) => nodeOf(definition, id)), ...[...notes].map((id) => noteOf(definition, id))]
    const places = parts.flatMap((part) => (part ? [positionOf(part)] : []))
    const [x, y] = [Math.min(...places.map((at) => at.x)), Math.min(...places.map((at) => at.y))]
    paste(desk, copied(definition, nodes, notes), "Duplicate", { x: x + ASIDE, y: y + ASIDE })
}
