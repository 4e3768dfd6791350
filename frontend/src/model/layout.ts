// Where nodes stand when nobody places them: from above, the same for the same graph each time.

import { Graph, layout } from "@dagrejs/dagre"
import { groupsOf, portOf, type Definition, type Where } from "./definition"
import { portsShown, type Kinds } from "./kinds"
import { placed, type SizeOf } from "./places"
import { reachable } from "./ways"

const GRID = 10

/** Put all nodes in layers, as the edges lead; where the ports of a node lead, from left to right where that can be.
 *
 * The nodes of a group stand together, and no others among them. Notes stay where they are.
 */
export function laidOut(definition: Definition, sizeOf: SizeOf, kinds: Kinds): Definition {
    const graph = new Graph({ multigraph: true, compound: true })
    graph.setGraph({ rankdir: "TB", nodesep: 40, ranksep: 60 })
    const there = new Set<string>()
    for (const { id } of definition.nodes) {
        graph.setNode(named(id), { ...sizeOf(id) })
        there.add(id)
    }
    for (const group of groupsOf(definition)) {
        const frame = `group ${group.id}`
        graph.setNode(frame, {})
        for (const id of group.nodes.filter((each) => there.has(each))) graph.setParent(named(id), frame)
    }
    const besides = new Map<string, string[]>()
    for (const node of definition.nodes) {
        const targets: string[] = []
        for (const port of portsShown(definition, node, kinds)) {
            for (const { to } of definition.edges.filter((edge) => edge.from === node.id && portOf(edge) === port)) {
                if (!there.has(to)) continue
                graph.setEdge(named(node.id), named(to), {}, port)
                if (to !== node.id && !targets.includes(to)) targets.push(to)
            }
        }
        for (const [at, left] of targets.slice(0, -1).entries()) beside(besides, left, targets[at + 1] ?? left)
    }
    layout(graph, { constraints: [...besides].flatMap(([left, all]) => all.map((right) => ({ left: named(left), right: named(right) }))) })
    const places = definition.nodes.map(({ id }): [string, Where] => {
        const { width, height } = sizeOf(id)
        const { x, y } = graph.node(named(id)) as { x: number; y: number }
        return [id, { x: snapped(x - width / 2), y: snapped(y - height / 2) }]
    })
    return placed(definition, new Map(places))
}

/** Return the name of a node in the graph, which takes none that all objects inherit, such as `constructor`. */
function named(id: string): string {
    return `node ${id}`
}

/** Note what stands left of what, unless it has to stand right of it already. */
function beside(besides: Map<string, string[]>, left: string, right: string): void {
    if (!reachable(besides, [right]).has(left)) besides.set(left, [...(besides.get(left) ?? []), right])
}

const snapped = (value: number): number => Math.round(value / GRID) * GRID
