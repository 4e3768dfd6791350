// Edges are drawn, led elsewhere, and deleted.

import { edgeKey, type Edge } from "../model/definition"
import { connected, disconnected, refusal } from "../model/gestures"
import { counted, nameOf, told, type Desk } from "./desk"

export function connect({ store }: Desk, edge: Edge): boolean {
    const { definition, kinds } = store.state
    const reason = refusal(definition, edge, kinds)
    if (reason) {
        store.refuse(reason)
        return false
    }
    const name = `${nameOf(definition, edge.from, kinds)} with ${nameOf(definition, edge.to, kinds)}`
    return told(store, `Connect ${name}`, `Connected: ${name}`, (before) => connected(before, edge))
}

/** Let an edge end, or begin, elsewhere. */
export function reconnect({ store }: Desk, key: string, edge: Edge): boolean {
    const { definition, kinds } = store.state
    if (key === edgeKey(edge)) return false
    const without = disconnected(definition, [key])
    const reason = refusal(without, edge, kinds)
    if (reason) {
        store.refuse(reason)
        return false
    }
    const name = definition.edges.find((each) => edgeKey(each) === key)?.name
    const drawn = name ? { ...edge, name } : edge
    return told(store, "Reconnect", "Reconnected", () => connected(without, drawn))
}

export function disconnect({ store }: Desk, keys: ReadonlySet<string>): boolean {
    const what = counted(keys.size, "connection")
    return told(store, `Delete ${what}`, `Deleted: ${what}`, (before) => disconnected(before, keys))
}
