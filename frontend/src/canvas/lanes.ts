// How edges go round cards: one that would run behind a card takes a lane beside it.

import { edgeKey, portOf, positionOf, type Definition, type Where } from "../model/definition"
import { portsShown, type Kinds } from "../model/kinds"
import { portX, sizesOf } from "./sizes"

interface Box {
    readonly left: number
    readonly right: number
    readonly top: number
    readonly bottom: number
}

/** How far an edge goes straight on from a port, and to a node. */
const STRAIGHT = 18
/** Room between a card and a lane, and between two lanes. */
const BESIDE = 18
const BETWEEN = 8
const RADIUS = 10

const KNOWN = new WeakMap<Definition, { readonly kinds: Kinds; readonly lanes: ReadonlyMap<string, number> }>()

/** Return where the edges are, across, that need a lane; by their keys. */
export function lanesOf(definition: Definition, kinds: Kinds): ReadonlyMap<string, number> {
    const known = KNOWN.get(definition)
    if (known?.kinds === kinds) return known.lanes
    const lanes = lanesFound(definition, kinds)
    KNOWN.set(definition, { kinds, lanes })
    return lanes
}

function lanesFound(definition: Definition, kinds: Kinds): ReadonlyMap<string, number> {
    const sizeOf = sizesOf(definition, kinds)
    const boxes = new Map<string, Box>()
    const ports = new Map<string, readonly string[]>()
    for (const node of definition.nodes) {
        const [{ x, y }, { width, height }] = [positionOf(node), sizeOf(node.id)]
        boxes.set(node.id, { left: x, right: x + width, top: y, bottom: y + height })
        ports.set(node.id, portsShown(definition, node, kinds))
    }
    const found = new Map<string, number>()
    for (const edge of definition.edges) {
        const [source, target, names] = [boxes.get(edge.from), boxes.get(edge.to), ports.get(edge.from) ?? []]
        if (!source || !target) continue
        const width = source.right - source.left
        const from = {
            x: source.left + portX(Math.max(names.indexOf(portOf(edge)), 0), names.length || 1, width),
            y: source.bottom,
        }
        const to = { x: (target.left + target.right) / 2, y: target.top }
        const others = [...boxes.values()].filter((box) => box !== source && box !== target)
        const lane = isClear(from, to, others) ? null : laneFor(from, to, [...boxes.values()], [...found.values()])
        if (lane !== null) found.set(edgeKey(edge), lane)
    }
    return found
}

/** Whether an edge in its plain form, down, across and down, meets no card. */
function isClear(from: Where, to: Where, others: readonly Box[]): boolean {
    if (to.y < from.y + 2 * STRAIGHT) return false
    const middle = (from.y + to.y) / 2
    const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)]
    return !others.some(
        (box) =>
            isAcross(box, from.x, from.y, middle) ||
            isAcross(box, to.x, middle, to.y) ||
            (box.top < middle && middle < box.bottom && box.left < right && left < box.right),
    )
}

function isAcross(box: Box, x: number, top: number, bottom: number): boolean {
    return box.left < x && x < box.right && box.top < bottom && top < box.bottom
}

/** Return the lane that is the least detour. */
function laneFor(from: Where, to: Where, boxes: readonly Box[], taken: readonly number[]): number | null {
    const [top, bottom] = [from.y + STRAIGHT, to.y - STRAIGHT].sort((one, other) => one - other) as [number, number]
    const beside = boxes.filter((box) => box.top < bottom && top < box.bottom)
    const places = beside.flatMap((box) => [apart(box.left - BESIDE, -1, taken), apart(box.right + BESIDE, 1, taken)])
    const clear = places.filter((x) => !beside.some((box) => box.left - BESIDE / 2 < x && x < box.right + BESIDE / 2))
    const detour = (x: number): number => Math.abs(x - from.x) + Math.abs(x - to.x)
    return clear.length ? clear.reduce((best, x) => (detour(x) < detour(best) ? x : best)) : null
}

function apart(x: number, way: 1 | -1, taken: readonly number[]): number {
    let place = x
    while (taken.some((each) => Math.abs(each - place) < BETWEEN)) place += way * BETWEEN
    return place
}

/** Draw an edge by its lane: the path, and its middle. */
export function lanePath(from: Where, to: Where, lane: number): readonly [string, number, number] {
    const [above, below] = [from.y + STRAIGHT, to.y - STRAIGHT]
    const corners = [from, { x: from.x, y: above }, { x: lane, y: above }, { x: lane, y: below }, { x: to.x, y: below }, to]
    return [rounded(corners), lane, (above + below) / 2]
}

function rounded(points: readonly Where[]): string {
    const parts = points.map((point, at) => {
        const [before, after] = [points[at - 1], points[at + 1]]
        if (!before) return `M${point.x},${point.y}`
        if (!after) return `L${point.x},${point.y}`
        const [near, far] = [towards(point, before), towards(point, after)]
        return `L${near.x},${near.y}Q${point.x},${point.y} ${far.x},${far.y}`
    })
    return parts.join("")
}

function towards(from: Where, to: Where): Where {
    const [dx, dy] = [to.x - from.x, to.y - from.y]
    const length = Math.hypot(dx, dy)
    const part = length ? Math.min(RADIUS, length / 2) / length : 0
    return { x: from.x + dx * part, y: from.y + dy * part }
}
