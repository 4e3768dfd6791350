// Where one comes from where: what the checks, the list and the neighbours of a node are made of.

import { START, type Definition } from "./definition"

export type Ways = ReadonlyMap<string, readonly string[]>

/** Return where each node leads: in the order of the edges, each once, and only to nodes that there are. */
export function waysOf(definition: Definition): Ways {
    const found = new Map<string, string[]>(definition.nodes.map((node) => [node.id, []]))
    for (const { from, to } of definition.edges) {
        const after = found.get(from)
        if (after && found.has(to) && !after.includes(to)) after.push(to)
    }
    return found
}

/** Return the nodes to which some lead, these included; none leads on from those that are barred. */
export function reachable(ways: Ways, sources: Iterable<string>, barred: (id: string) => boolean = () => false) {
    const found = new Set<string>()
    const waiting = [...sources]
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        if (found.has(id)) continue
        found.add(id)
        if (!barred(id)) waiting.push(...(ways.get(id) ?? []))
    }
    return found
}

export interface Layer {
    readonly ids: readonly string[]
    readonly isReached: boolean
}

/** Return the nodes by layers: how many steps lead to each at most, circles left aside; where nobody comes is last. */
export function layersOf(definition: Definition): Layer[] {
    const ways = waysOf(definition)
    const starts = definition.nodes.filter((node) => node.kind === START).map((node) => node.id)
    const order = topological(ways, starts)
    const layers = new Map<string, number>(order.map((id) => [id, 0]))
    const place = new Map(order.map((id, at) => [id, at]))
    for (const id of order) {
        for (const to of ways.get(id) ?? []) {
            const leadsBack = (place.get(to) ?? -1) <= (place.get(id) ?? 0)
            if (!leadsBack) layers.set(to, Math.max(layers.get(to) ?? 0, (layers.get(id) ?? 0) + 1))
        }
    }
    const found: { ids: string[]; isReached: boolean }[] = []
    for (const { id } of definition.nodes) {
        const layer = layers.get(id)
        if (layer !== undefined) (found[layer] ??= { ids: [], isReached: true }).ids.push(id)
    }
    const ids = definition.nodes.filter((node) => !layers.has(node.id)).map((node) => node.id)
    return ids.length ? [...found, { ids, isReached: false }] : found
}

/** Return what the sources lead to, each before those to which it leads, but for ways back. */
function topological(ways: Ways, sources: readonly string[]): string[] {
    const entered = new Set<string>()
    const left: string[] = []
    const waiting = sources.map((id) => ({ id, isDone: false })).reverse()
    for (let each = waiting.pop(); each; each = waiting.pop()) {
        if (each.isDone) left.push(each.id)
        else if (!entered.has(each.id)) {
            entered.add(each.id)
            waiting.push({ id: each.id, isDone: true })
            for (const id of [...(ways.get(each.id) ?? [])].reverse()) waiting.push({ id, isDone: false })
        }
    }
    return left.reverse()
}
