// Going through the flow by keys: along the edges and from port to port, or row by row in the list.

import type { Boot } from "../boot"
import { nodeOf, portOf, type NodePart } from "../model/definition"
import { isObject, own } from "../model/json"
import { portsShown } from "../model/kinds"
import { besideOf, firstOf, lastOf, nextOf, previousOf, rowBeside } from "../model/outline"
import type { ToldKinds } from "../server/kinds"
import { shownOf } from "../store/use_editor"
import { currentOf } from "../canvas/board"
import { goTo, nameOf, type Desk } from "./desk"

export type Step = "next" | "previous" | "left" | "right" | "first" | "last"

type Way = Step | "above" | "below"

/** In the list, up and down go row by row, and across goes along the edges. */
const IN_LIST: Readonly<Record<Step, Way>> = {
    next: "below",
    previous: "above",
    right: "next",
    left: "previous",
    first: "first",
    last: "last",
}

/** Return where a step leads, and whence one comes there. */
function target(desk: Desk, step: Step): readonly [string, string | null] | null {
    const { store, board } = desk
    const definition = shownOf(store.state)
    const { kinds, selection } = store.state
    const way = board.state.isListed && board.state.port === null ? IN_LIST[step] : step
    const current = currentOf(board.state, selection, definition) ?? lastCurrent(desk)
    const { port, cameFrom } = board.state
    const whence = cameFrom ?? undefined
    const found = (id: string | null, from: string | null = null) => (id === null ? null : ([id, from] as const))
    if (way === "last") return found(lastOf(definition))
    if (way === "first" || current === null) return found(firstOf(definition))
    switch (way) {
        case "above":
            return found(rowBeside(definition, current, -1))
        case "below":
            return found(rowBeside(definition, current, 1))
        case "next": {
            const along = definition.edges.find((edge) => edge.from === current && portOf(edge) === port)
            return found(port === null ? nextOf(definition, current, kinds) : (along?.to ?? null), current)
        }
        case "previous":
            return found(previousOf(definition, current, whence))
        case "left":
            return found(besideOf(definition, current, -1, kinds, whence), cameFrom)
        case "right":
            return found(besideOf(definition, current, 1, kinds, whence), cameFrom)
    }
}

/** Return the node from which one went to a note or a group. */
function lastCurrent({ store, board }: Desk): string | null {
    const { current } = board.state
    return current !== null && nodeOf(shownOf(store.state), current) ? current : null
}

export function stepTo(desk: Desk, step: Step): void {
    const found = target(desk, step)
    if (found) goTo(desk, ...found)
    else desk.store.say(step === "next" ? "Nothing leads on." : "Nothing there.")
}

/** Take in the node to which a step leads. */
export function extend(desk: Desk, step: Step): void {
    const { store, board } = desk
    const found = target(desk, step)
    if (!found) return store.say("Nothing there.")
    const [id, cameFrom] = found
    const before = currentOf(board.state, store.state.selection, shownOf(store.state))
    const nodes = new Set([...store.state.selection.nodes, ...(before === null ? [] : [before]), id])
    board.set({ current: id, port: null, cameFrom })
    store.select({ nodes })
    board.view?.show(id)
    store.say(`${nodes.size} selected`)
}

/** Take the current node into the selection, or out of it. */
export function toggle({ store, board }: Desk): void {
    const { selection, kinds } = store.state
    const id = board.state.current ?? [...selection.nodes].at(-1)
    if (id === undefined) return
    const nodes = new Set(selection.nodes)
    const isIn = nodes.delete(id)
    if (!isIn) nodes.add(id)
    board.set({ current: id })
    store.select({ ...selection, nodes })
    store.say(`${nameOf(shownOf(store.state), id, kinds)} ${isIn ? "taken out" : "selected"}`)
}

/** Go from port to port of the current node, and behind the last one back to the node. */
export function turnPort({ store, board }: Desk, by: 1 | -1): void {
    const definition = shownOf(store.state)
    const { kinds, selection } = store.state
    const id = currentOf(board.state, selection, definition)
    const node = id === null ? undefined : nodeOf(definition, id)
    if (!node) return
    const ports = portsShown(definition, node, kinds)
    if (!ports.length) return store.say("Nothing leads on from this node.")
    const all = [null, ...ports]
    const at = all.indexOf(board.state.port)
    const port = all[(at + by + all.length) % all.length] ?? null
    board.set({ current: node.id, port })
    if (port === null) return store.say(nameOf(definition, node.id, kinds))
    const label = kinds.portLabelOf(node, port)
    const targets = definition.edges.filter((edge) => edge.from === node.id && portOf(edge) === port)
    const names = targets.map((edge) => nameOf(definition, edge.to, kinds))
    store.say(`Port ${label}: ${names.length ? `leads to ${names.join(", ")}` : "leads nowhere"}`)
}

/** Leave the port, and then the selection. */
export function leave({ store, board }: Desk): void {
    if (board.state.port !== null) board.set({ port: null })
    else {
        board.set({ current: currentOf(board.state, store.state.selection, shownOf(store.state)) })
        store.select({})
    }
}

/** Return the page of the flow that a node calls; null for a node that calls none. */
export function calledFlow(node: NodePart, kinds: ToldKinds, { pages }: Boot): string | null {
    const properties = kinds.of(node.kind)?.schema.properties
    for (const [name, schema] of isObject(properties) ? Object.entries(properties) : []) {
        const key = own(node.settings ?? {}, name)
        const isFlow = isObject(schema) && schema["x-reference"] === "flow"
        if (isFlow && typeof key === "string" && key) return pages.flowByKey.replace("{id}", encodeURIComponent(key))
    }
    return null
}
