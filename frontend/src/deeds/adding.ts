// Nodes are added: behind another one, on an edge, or where somebody points.

import { START, edgeKey, nodeOf, type Definition, type Where } from "../model/definition"
import { added, addedBehind, addedOnEdge, made } from "../model/gestures"
import { placed } from "../model/places"
import type { FullKind } from "../server/kinds"
import { currentOf, type Place } from "../canvas/board"
import { READ_ONLY, goTo, nameOf, type Desk } from "./desk"
import { cardSize, fitted } from "../canvas/sizes"

/** The kinds that this flow may have; a start is there already. */
export function offered(all: readonly FullKind[], flowKind: string): FullKind[] {
    return all.filter((kind) => kind.key !== START && kind.flow_kinds.includes(flowKind))
}

/** Return where a new node goes that somebody asks for without saying where: behind the current one. */
export function placeBehindCurrent({ store, board }: Desk): Place {
    const { selection, definition, kinds } = store.state
    const [edge] = selection.edges
    if (edge !== undefined && !selection.nodes.size) return { is: "edge", key: edge }
    const current = currentOf(board.state, selection, definition)
    const node = current === null ? undefined : nodeOf(definition, current)
    const port = board.state.port ?? (node && kinds.portsOf(node)?.[0])
    if (current === null || port === undefined) return { is: "free", at: board.view?.target() ?? { x: 0, y: 0 } }
    return { is: "behind", id: current, port }
}

/** Add a node of a kind, and go to it. */
export function add(desk: Desk, key: string, place: Place): boolean {
    const { store } = desk
    const { definition, kinds } = store.state
    const kind = kinds.of(key)
    if (!kind) return false
    const at = placeAt(place)
    const node = made(definition, key, at ?? { x: 0, y: 0 }, Math.random, kind.settings)
    const title = kind.title
    const make = (before: Definition): Definition | null => {
        if (place.is === "free") return added(before, node)
        if (place.is === "behind") {
            const after = addedBehind(before, node, place.id, place.port, kinds)
            return after && (at ? placed(after, new Map([[node.id, at]])) : fitted(after, node.id, kinds))
        }
        const edge = before.edges.find((each) => edgeKey(each) === place.key)
        const after = edge ? addedOnEdge(before, node, edge, kinds) : null
        return after && fitted(after, node.id, kinds)
    }
    if (!store.isEditable || !make(definition)) {
        store.refuse(store.isEditable ? `Nothing leads on from ${title}: it cannot stand in between.` : READ_ONLY)
        return false
    }
    if (!store.act({ label: `Add ${title}` }, make)) return false
    goTo(desk, node.id)
    store.begin(node.id)
    const behind = place.is === "behind" ? ` behind ${nameOf(definition, place.id, kinds)}` : ""
    store.say(`Added: ${title}${behind}`)
    return true
}

function placeAt(place: Place): Where | undefined {
    return place.is === "edge" ? undefined : place.at
}

/** Return the place of the upper left corner of a new card whose middle is somewhere. */
export function cornerOf(middle: Where): Where {
    const { width, height } = cardSize([])
    return { x: middle.x - width / 2, y: middle.y - height / 2 }
}
