// What is there is disabled, deleted, moved and arranged.

import { edgeKey, portOf, type Definition, type Where } from "../model/definition"
import { disabled, toggled } from "../model/disabling"
import { disconnected, removed, removedAndHealed } from "../model/gestures"
import { groupById, groupJoined, ungrouped } from "../model/groups"
import { notesRemoved, notesShifted } from "../model/notes"
import { aligned, distributed, shifted, type Side } from "../model/places"
import { disconnect } from "./connecting"
import { chosen, chosenBesidesStart, counted, countedBoth, goTo, nameOf, told, type Chosen, type Desk } from "./desk"
import { sizesOf } from "../canvas/sizes"

/** Disable the chosen nodes; where all of them are disabled that can be, enable them. */
export function toggleDisabled(desk: Desk): void {
    const { store } = desk
    const { definition, kinds } = store.state
    const { nodes } = chosen(desk)
    const verb = disabled(definition, nodes, kinds) === definition ? "Enable" : "Disable"
    const [first] = nodes
    const what = nodes.size === 1 && first !== undefined ? nameOf(definition, first, kinds) : counted(nodes.size, "node")
    const isDone = told(store, `${verb} ${what}`, `${verb}d: ${what}`, (before) => toggled(before, nodes, kinds))
    if (!isDone) store.refuse("The start, ends and joins cannot be disabled.")
}

// --- Deleting ---

/** Delete what is selected; of a group its frame alone. With `heals` those before and behind it are connected. */
export function remove(desk: Desk, heals: boolean): void {
    const { store, board } = desk
    if (board.state.port !== null && board.state.current !== null) return removeBehindPort(desk)
    const { definition, kinds, selection } = store.state
    const { edges, groups, notes } = selection
    const nodes = groups.size && !selection.nodes.size ? new Set<string>() : chosenBesidesStart(desk).nodes
    if (!nodes.size && !edges.size && !groups.size && !notes.size) {
        return store.refuse(chosen(desk).nodes.size ? "The start cannot be deleted." : "Nothing is selected.")
    }
    const [first] = nodes
    const leading = definition.edges.find((edge) => first !== undefined && edge.to === first && !nodes.has(edge.from))
    const what = inWords(desk, { nodes, notes })
    const isDone = told(store, `Delete ${what}`, `Deleted: ${what}`, (before) => {
        const left = notesRemoved(ungrouped(disconnected(before, edges), groups), notes)
        return heals ? removedAndHealed(left, nodes, kinds) : removed(left, nodes)
    })
    if (isDone && leading) goTo(desk, leading.from)
}

function removeBehindPort(desk: Desk): void {
    const { store, board } = desk
    const { current, port } = board.state
    const edges = store.state.definition.edges.filter((each) => each.from === current && portOf(each) === port)
    if (edges.length) disconnect(desk, new Set(edges.map(edgeKey)))
    else store.refuse("Nothing leads on from this port.")
}

/** Say what is about to be deleted. */
function inWords({ store }: Desk, { nodes, notes }: Chosen): string {
    const { definition, kinds, selection } = store.state
    const [first] = nodes
    if (nodes.size === 1 && !notes.size && first !== undefined) return nameOf(definition, first, kinds)
    if (nodes.size + notes.size) return countedBoth(nodes.size, notes.size)
    return selection.groups.size ? `${counted(selection.groups.size, "group")}, but not its nodes` : counted(selection.edges.size, "connection")
}

// --- Moving ---

export function move(desk: Desk, by: Where): void {
    const all = chosen(desk)
    const key = `move ${[...all.nodes, ...all.notes].join(" ")}`
    desk.store.act({ label: "Move", key, pauseMs: 1000 }, (before) => moved(before, all, by))
}

export function moved(definition: Definition, { nodes, notes }: Chosen, by: Where): Definition {
    return notesShifted(shifted(definition, nodes, by), notes, by)
}

/** What was dragged stays where it was let go; let go over a group, it belongs to that. */
export function drop({ store }: Desk, all: Chosen, by: Where, group: string | null): void {
    const found = group === null ? undefined : groupById(store.state.definition, group)
    const label = found ? `Move into the group ${found.name || "without a name"}` : "Move"
    store.act({ label }, (before) => {
        const after = moved(before, all, by)
        return found ? groupJoined(after, found.id, all.nodes) : after
    })
}

export function align(desk: Desk, side: Side): void {
    const { definition, kinds } = desk.store.state
    const sizeOf = sizesOf(definition, kinds)
    const { nodes } = chosen(desk)
    if (nodes.size < 2) return desk.store.refuse("Select two nodes or more to align them.")
    told(desk.store, "Align", `Aligned: ${side}`, (before) => aligned(before, nodes, side, sizeOf))
}

export function distribute(desk: Desk, way: "across" | "down"): void {
    const { definition, kinds } = desk.store.state
    const { nodes } = chosen(desk)
    if (nodes.size < 3) return desk.store.refuse("Select three nodes or more to distribute them.")
    const sizeOf = sizesOf(definition, kinds)
    told(desk.store, "Distribute", "Distributed", (before) => distributed(before, nodes, way, sizeOf))
}

/** Put all nodes where they are easy to read; what computes that is loaded when it is asked for first. */
export async function layOut({ store, board }: Desk): Promise<void> {
    const { laidOut } = await import("../model/layout")
    const { kinds } = store.state
    const isDone = told(store, "Lay out", "Laid out", (before) => laidOut(before, sizesOf(before, kinds), kinds))
    if (isDone) board.view?.zoom("fit")
}
