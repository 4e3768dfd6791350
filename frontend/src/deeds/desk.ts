// What people do on the board, by mouse, by key or from the list, is one gesture of the model each; here is what all of
// that has in common: what it is about, and how it is told.

import { START, groupsOf, nodeOf, type Definition } from "../model/definition"
import { titleOf, type Kinds } from "../model/kinds"
import type { EditorStore } from "../store/editor_store"
import { shownOf } from "../store/use_editor"
import { currentOf, type Board } from "../canvas/board"

export interface Desk {
    readonly store: EditorStore
    readonly board: Board
}

export interface Chosen {
    readonly nodes: ReadonlySet<string>
    readonly notes: ReadonlySet<string>
}

export const READ_ONLY = "Nothing can be changed here now."

/** Name something in words: "3 nodes". */
export function counted(n: number, one: string): string {
    return n === 1 ? `1 ${one}` : `${n} ${one}s`
}

/** Name some nodes and notes in words: "3 nodes and 1 note". */
export function countedBoth(nodes: number, notes: number): string {
    return [nodes && counted(nodes, "node"), notes && counted(notes, "note")].filter(Boolean).join(" and ")
}

export function nameOf(definition: Definition, id: string, kinds: Kinds): string {
    const node = nodeOf(definition, id)
    return node ? titleOf(node, kinds) : id
}

/** Return what is selected, with all that is in selected groups; or else the current node. */
export function chosen({ store, board }: Desk): Chosen {
    const { selection } = store.state
    const definition = shownOf(store.state)
    const inGroups = groupsOf(definition).flatMap((group) => (selection.groups.has(group.id) ? group.nodes : []))
    const nodes = new Set([...selection.nodes, ...inGroups])
    const current = selection.edges.size ? null : currentOf(board.state, selection, definition)
    if (!nodes.size && current !== null) nodes.add(current)
    return { nodes, notes: selection.notes }
}

/** Return what may be copied: all but the start. */
export function chosenBesidesStart(desk: Desk): Chosen {
    const { nodes, notes } = chosen(desk)
    const definition = shownOf(desk.store.state)
    return { nodes: new Set([...nodes].filter((id) => nodeOf(definition, id)?.kind !== START)), notes }
}

/** Go to a node: it is selected, and seen. */
export function goTo({ store, board }: Desk, id: string, cameFrom: string | null = null): void {
    board.set({ current: id, port: null, cameFrom })
    store.select({ nodes: new Set([id]) })
    board.view?.show(id)
}

/** Do a gesture, and say what was done to those who do not see it. */
export function told(
    store: EditorStore,
    label: string,
    said: string,
    make: (definition: Definition) => Definition | null,
): boolean {
    if (!store.isEditable) {
        store.refuse(READ_ONLY)
        return false
    }
    const isDone = store.act({ label }, make)
    if (isDone) store.say(said)
    return isDone
}
