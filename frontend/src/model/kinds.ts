// What the editor knows of the kinds of nodes: the server tells it.

import { portOf, type Definition, type NodePart } from "./definition"

export interface Kind {
    readonly key: string
    readonly title: string
    readonly group: string
    readonly help: string
    /** What nodes of other platforms are called that lead to this one. */
    readonly old_names: readonly string[]
    readonly is_wait: boolean
    readonly is_end: boolean
    readonly is_join: boolean
}

export interface Kinds {
    readonly of: (key: string) => Kind | undefined
    /** The ports of a node with its settings, the usual one first; null as long as nobody can tell. */
    readonly portsOf: (node: NodePart) => readonly string[] | null
}

export function titleOf(node: NodePart, kinds: Kinds): string {
    return node.name || kinds.of(node.kind)?.title || node.kind || node.id
}

/** Return the port by which people usually leave a node, and by which they pass one that is disabled.
 *
 * As long as nobody can tell its ports, it is the first from which an edge leads on.
 */
export function usualPort(definition: Definition, node: NodePart, kinds: Kinds): string | undefined {
    return portsShown(definition, node, kinds)[0]
}

/** Return the ports of a node, and those from which edges lead though it has them no more. */
export function portsShown(definition: Definition, node: NodePart, kinds: Kinds): string[] {
    const used = definition.edges.filter((edge) => edge.from === node.id).map(portOf)
    return [...new Set([...(kinds.portsOf(node) ?? []), ...used])]
}
