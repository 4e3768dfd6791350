// Notes and groups: what stands beside and around the nodes.

import { groupsOf, nodeOf, noteOf, notesOf, positionOf, type Definition, type Where } from "../model/definition"
import { renamed } from "../model/gestures"
import { frameOf, groupById, groupChanged, groupLeft, groupOf, grouped } from "../model/groups"
import { noteAdded, noteChanged, noteMade } from "../model/notes"
import { shownOf } from "../store/use_editor"
import { currentOf, type Thing } from "../canvas/board"
import { chosen, counted, nameOf, told, type Desk } from "./desk"
import { sizesOf } from "../canvas/sizes"

/** Room between what is there and a note that is written beside it. */
const BESIDE = 40
/** How much of a note is told where it is named. */
const MAX_TOLD = 60

export function groupName(definition: Definition, id: string): string {
    return groupById(definition, id)?.name || "Group without a name"
}

export function noteName(definition: Definition, id: string): string {
    const text = noteOf(definition, id)?.text?.trim().replace(/\s+/g, " ") ?? ""
    return text.length > MAX_TOLD ? `${text.slice(0, MAX_TOLD)} …` : text || "Empty note"
}

/** Return the one thing that the selection is about. */
export function thingOf({ store, board }: Desk): Thing | null {
    const { nodes, notes, groups } = store.state.selection
    const current = currentOf(board.state, store.state.selection, shownOf(store.state))
    if (current !== null) return { of: "node", id: current }
    if (nodes.size + notes.size + groups.size !== 1) return null
    const [[note], [group]] = [notes, groups]
    if (note !== undefined) return { of: "note", id: note }
    return group === undefined ? null : { of: "group", id: group }
}

// --- Going ---

export function goToNote({ store, board }: Desk, id: string): void {
    board.set({ port: null })
    store.select({ notes: new Set([id]) })
    board.view?.show(id)
    store.say(`Note: ${noteName(shownOf(store.state), id)}`)
}

export function goToGroup({ store, board }: Desk, id: string): void {
    const definition = shownOf(store.state)
    board.set({ port: null })
    store.select({ groups: new Set([id]) })
    board.view?.show(id)
    store.say(`${groupName(definition, id)}: ${counted(groupById(definition, id)?.nodes.length ?? 0, "node")}`)
}

/** Go from note to note, from above. */
export function nextNote(desk: Desk): void {
    const { selection } = desk.store.state
    const notes = [...notesOf(shownOf(desk.store.state))]
    notes.sort((one, other) => positionOf(one).y - positionOf(other).y || positionOf(one).x - positionOf(other).x)
    const [before] = selection.notes
    const next = notes[(notes.findIndex(({ id }) => id === before) + 1) % Math.max(notes.length, 1)]
    if (next) goToNote(desk, next.id)
    else desk.store.say("There are no notes.")
}

/** Go to the group around the current node, and from there to the next group. */
export function nextGroup(desk: Desk): void {
    const definition = shownOf(desk.store.state)
    const groups = groupsOf(definition)
    const [before] = desk.store.state.selection.groups
    const current = currentOf(desk.board.state, desk.store.state.selection, definition)
    const around = current === null ? undefined : groupOf(definition, current)
    const next = around ?? groups[(groups.findIndex(({ id }) => id === before) + 1) % Math.max(groups.length, 1)]
    if (next) goToGroup(desk, next.id)
    else desk.store.say("There are no groups.")
}

// --- Making ---

/** Write a note beside what is selected, or where one points. */
export function addNote(desk: Desk): void {
    const { store, board } = desk
    const { definition } = store.state
    const note = noteMade(definition, placeBeside(desk) ?? board.view?.target() ?? { x: 0, y: 0 }, Math.random)
    if (!told(store, "Add a note", "Added: a note", (before) => noteAdded(before, note))) return
    goToNote(desk, note.id)
    store.say("Added: a note")
    board.set({ renaming: { of: "note", id: note.id } })
}

/** Return a place beside the current node, or beside its group. */
function placeBeside(desk: Desk): Where | undefined {
    const { definition, kinds } = desk.store.state
    const arranged = desk.store.arrange(definition)
    const sizeOf = sizesOf(arranged, kinds)
    const thing = thingOf(desk)
    const node = thing?.of === "node" ? nodeOf(arranged, thing.id) : undefined
    const group = node ? groupOf(arranged, node.id) : thing?.of === "group" && groupById(arranged, thing.id)
    const box = group ? frameOf(arranged, group, sizeOf) : node && { ...positionOf(node), ...sizeOf(node.id) }
    return box && { x: box.x + box.width + BESIDE, y: box.y }
}

/** Draw a group around the chosen nodes. */
export function groupChosen(desk: Desk): void {
    const { store, board } = desk
    const { nodes } = chosen(desk)
    const before = new Set(groupsOf(store.state.definition).map(({ id }) => id))
    const what = counted(nodes.size, "node")
    if (!told(store, `Group ${what}`, `Grouped: ${what}`, (definition) => grouped(definition, nodes, Math.random))) {
        return store.refuse("Select the nodes that belong together.")
    }
    const made = groupsOf(store.state.definition).find(({ id }) => !before.has(id))
    if (!made) return
    goToGroup(desk, made.id)
    store.say(`Grouped: ${what}`)
    board.set({ renaming: { of: "group", id: made.id } })
}

export function takeOutOfGroup(desk: Desk): void {
    const { nodes } = chosen(desk)
    const what = counted(nodes.size, "node")
    told(desk.store, `Take ${what} out of the group`, `Taken out of the group: ${what}`, (before) =>
        groupLeft(before, nodes),
    )
}

// --- Changing ---

/** Call a node or a group something, or write a note: letter by letter, and one gesture until it ends. */
export function write({ store }: Desk, { of, id }: Thing, text: string): void {
    const { definition, kinds } = store.state
    const name = text.trim()
    const label = { node: `Rename ${nameOf(definition, id, kinds)}`, group: "Name a group", note: "Write a note" }[of]
    store.act({ label, key: `write ${of} ${id}` }, (each) => {
        if (of === "node") return renamed(each, id, name)
        return of === "group" ? groupChanged(each, id, { name }) : noteChanged(each, id, { text })
    })
}

/** Be done with that; what was written in the end is said to those who do not see it. */
export function endWriting({ store, board }: Desk, { of, id }: Thing, text: string | null): void {
    store.endGesture()
    const name = text?.trim() || nameOf(store.state.definition, id, store.state.kinds)
    if (text !== null) store.say({ node: `Renamed: ${name}`, group: `Named: ${name}`, note: "Written" }[of])
    board.close()
}
