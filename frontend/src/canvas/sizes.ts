// How large cards are: said here instead of measured, so that layout, frames and edges know it before anything is drawn.
// What is here and in canvas.css has to agree.

import {
    nodeOf,
    portOf,
    positionOf,
    type Definition,
    type NodePart,
    type Size,
    type Where,
} from "../model/definition"
import { portsShown, type Kinds } from "../model/kinds"
import type { SizeOf } from "../model/places"

export const CARD_WIDTH = 220
export const CARD_HEIGHT = 66
/** Of the row in which ports are named. */
const PORTS_HEIGHT = 24
/** As all widths, twice the grid or a multiple: so cards stand with their middles above each other. */
const PORT_WIDTH = 80

/** A port alone needs no name, unless it says more than that one goes on. */
export function isNamed(ports: readonly string[]): boolean {
    return ports.length > 1 || (ports.length === 1 && ports[0] !== "out")
}

export function cardSize(ports: readonly string[]): Size {
    return {
        width: Math.max(CARD_WIDTH, ports.length * PORT_WIDTH),
        height: CARD_HEIGHT + (isNamed(ports) ? PORTS_HEIGHT : 0),
    }
}

/** Where a port is, from the left of its card: all have the same room. */
export function portX(at: number, n: number, width: number): number {
    return ((at + 0.5) / n) * width
}

export function sizesOf(definition: Definition, kinds: Kinds): SizeOf {
    const found = new Map<string, Size>()
    return (id) => {
        const known = found.get(id)
        if (known) return known
        const node = nodeOf(definition, id)
        const size = cardSize(node ? portsShown(definition, node, kinds) : [])
        found.set(id, size)
        return size
    }
}

export function middleOf(node: NodePart, size: Size): Where {
    const { x, y } = positionOf(node)
    return { x: x + size.width / 2, y: y + size.height / 2 }
}

/** Room between cards. */
const GAP = 60
const STEP = 20

/** Put a new node where it fits: its middle below the port that leads to it, off other cards, and what comes after it
 * below it. */
export function fitted(definition: Definition, id: string, kinds: Kinds): Definition {
    const node = nodeOf(definition, id)
    const way = definition.edges.find((edge) => edge.to === id)
    const source = way && nodeOf(definition, way.from)
    if (!node || !way || !source) return definition
    const sizeOf = sizesOf(definition, kinds)
    const [size, above] = [sizeOf(id), sizeOf(source.id)]
    const ports = portsShown(definition, source, kinds)
    const from = positionOf(source)
    const x = from.x + portX(Math.max(ports.indexOf(portOf(way)), 0), ports.length || 1, above.width) - size.width / 2
    const place = { x: Math.round(x), y: from.y + above.height + GAP }
    const after = below(definition, id, from.y)
    const others = definition.nodes.filter((each) => each.id !== id && !after.has(each.id))
    const isTaken = (): boolean => others.some((each) => overlap(place, size, positionOf(each), sizeOf(each.id)))
    while (isTaken()) place.x += STEP
    const bottom = place.y + size.height + GAP
    const following = [...after].flatMap((each) => nodeOf(definition, each) ?? [])
    const highest = Math.min(...following.map((each) => positionOf(each).y))
    const down = following.length ? Math.max(0, bottom - highest) : 0
    const nodes = definition.nodes.map((each) => {
        if (each.id === id) return { ...each, position: place }
        const { x, y } = positionOf(each)
        return down && after.has(each.id) ? { ...each, position: { x, y: y + down } } : each
    })
    return { ...definition, nodes }
}

/** Return what comes after a node and stands below a line, and below what leads there. */
function below(definition: Definition, id: string, line: number): Set<string> {
    const yOf = new Map(definition.nodes.map((node) => [node.id, node.id === id ? line : positionOf(node).y]))
    const found = new Set<string>()
    const waiting = [id]
    for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
        const y = yOf.get(each) ?? 0
        for (const { from, to } of definition.edges) {
            if (from !== each || to === id || found.has(to) || (yOf.get(to) ?? y) <= y) continue
            found.add(to)
            waiting.push(to)
        }
    }
    return found
}

function overlap(one: Where, its: Size, other: Where, others: Size): boolean {
    const room = STEP
    return (
        one.x < other.x + others.width + room &&
        other.x < one.x + its.width + room &&
        one.y < other.y + others.height + room &&
        other.y < one.y + its.height + room
    )
}
