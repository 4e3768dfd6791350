// Nodes that people pass by their usual port, without anything happening.

import { START, isDisabled, type Definition, type NodePart } from "./definition"
import type { Kinds } from "./kinds"

/** Whether a node can be disabled: not the start, no end, no join. */
export function canBeDisabled(node: NodePart, kinds: Kinds): boolean {
    const kind = kinds.of(node.kind)
    return node.kind !== START && !kind?.is_end && !kind?.is_join
}

/** Disable nodes, but for those that cannot be. */
export function disabled(definition: Definition, ids: ReadonlySet<string>, kinds: Kinds): Definition {
    return changed(definition, ids, true, (node) => canBeDisabled(node, kinds))
}

export function enabled(definition: Definition, ids: ReadonlySet<string>): Definition {
    return changed(definition, ids, false, () => true)
}

/** Disable nodes; where all of them are disabled that can be, enable them. */
export function toggled(definition: Definition, ids: ReadonlySet<string>, kinds: Kinds): Definition {
    const made = disabled(definition, ids, kinds)
    return made === definition ? enabled(definition, ids) : made
}

function changed(
    definition: Definition,
    ids: ReadonlySet<string>,
    is_disabled: boolean,
    test: (node: NodePart) => boolean,
): Definition {
    const isMeant = (node: NodePart): boolean => ids.has(node.id) && isDisabled(node) !== is_disabled && test(node)
    if (!definition.nodes.some(isMeant)) return definition
    return { ...definition, nodes: definition.nodes.map((node) => (isMeant(node) ? { ...node, is_disabled } : node)) }
}
