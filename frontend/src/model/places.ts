// Where nodes stand. Each gesture returns another definition; one that moves nothing returns the same.

import { positionOf, type Definition, type Position, type Size, type Where } from "./definition"
import { groupById } from "./groups"

export function rounded({ x, y }: Where): Position {
    return { x: Math.round(x) + 0, y: Math.round(y) + 0 }
}

/** Put nodes where a map says. */
export function placed(definition: Definition, places: ReadonlyMap<string, Where>): Definition {
    const nodes = definition.nodes.map((node) => {
        const place = places.get(node.id)
        if (!place) return node
        const [before, position] = [positionOf(node), rounded(place)]
        return before.x === position.x && before.y === position.y ? node : { ...node, position }
    })
    return nodes.every((node, at) => node === definition.nodes[at]) ? definition : { ...definition, nodes }
}

/** Move nodes by a distance. */
export function shifted(definition: Definition, ids: ReadonlySet<string>, by: Where): Definition {
    const places = definition.nodes.filter((node) => ids.has(node.id)).map((node): [string, Where] => {
        const { x, y } = positionOf(node)
        return [node.id, { x: x + by.x, y: y + by.y }]
    })
    return placed(definition, new Map(places))
}

/** Move all that is in a group. */
export function groupShifted(definition: Definition, id: string, by: Where): Definition {
    return shifted(definition, new Set(groupById(definition, id)?.nodes), by)
}

export type SizeOf = (id: string) => Size
export type Side = "left" | "center" | "right" | "top" | "middle" | "bottom"

/** How far into a box its side is, from its upper left corner. */
const SHARE: Readonly<Record<Side, number>> = { left: 0, center: 0.5, right: 1, top: 0, middle: 0.5, bottom: 1 }
const isAcross = (side: Side): boolean => side === "left" || side === "center" || side === "right"

/** Put one side of some nodes on one line: the outermost one, or the middle between the outermost ones. */
export function aligned(definition: Definition, ids: ReadonlySet<string>, side: Side, sizeOf: SizeOf): Definition {
    const boxes = boxesOf(definition, ids, isAcross(side), sizeOf)
    if (boxes.length < 2) return definition
    const low = Math.min(...boxes.map((box) => box.at))
    const high = Math.max(...boxes.map((box) => box.at + box.length))
    const line = low + (high - low) * SHARE[side]
    return along(definition, isAcross(side), boxes.map((box) => [box.id, line - box.length * SHARE[side]]))
}

/** Leave the same room between some nodes; the outermost ones stay. */
export function distributed(
    definition: Definition,
    ids: ReadonlySet<string>,
    way: "across" | "down",
    sizeOf: SizeOf,
): Definition {
    const boxes = boxesOf(definition, ids, way === "across", sizeOf)
    boxes.sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1))
    const [first, last] = [boxes[0], boxes.at(-1)]
    if (!first || !last || boxes.length < 3) return definition
    const inside = last.at + last.length - first.at - boxes.reduce((sum, box) => sum + box.length, 0)
    const room = inside / (boxes.length - 1)
    let at = first.at
    const found = boxes.map((box): [string, number] => {
        const here = at
        at += box.length + room
        return [box.id, here]
    })
    return along(definition, way === "across", found)
}

function boxesOf(definition: Definition, ids: ReadonlySet<string>, across: boolean, sizeOf: SizeOf) {
    return definition.nodes
        .filter((node) => ids.has(node.id))
        .map((node) => ({
            id: node.id,
            at: across ? positionOf(node).x : positionOf(node).y,
            length: across ? sizeOf(node.id).width : sizeOf(node.id).height,
        }))
}

function along(definition: Definition, across: boolean, found: readonly (readonly [string, number])[]): Definition {
    const at = new Map(found)
    const places = definition.nodes.flatMap((node): [string, Where][] => {
        const [place, { x, y }] = [at.get(node.id), positionOf(node)]
        return place === undefined ? [] : [[node.id, across ? { x: place, y } : { x, y: place }]]
    })
    return placed(definition, new Map(places))
}
