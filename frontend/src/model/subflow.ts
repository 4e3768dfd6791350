// Some nodes of a flow become a flow of their own, and a node that calls it stands in their place.

import {
    START,
    groupsOf,
    isDisabled,
    nodeOf,
    notesOf,
    portOf,
    positionOf,
    type Definition,
    type Edge,
    type NodePart,
} from "./definition"
import { freeId, removed } from "./gestures"
import { groupById, groupJoined, groupOf } from "./groups"
import type { Chance } from "./ids"
import { titleOf, usualPort, type Kinds } from "./kinds"
import { notesRemoved } from "./notes"
import { rounded } from "./places"

/** The kind of the node that calls a flow. */
export const SUB_FLOW = "sub-flow"
const END = "end"
/** What holds for the part as it does for the whole. */
const KEPT: readonly string[] = ["quiet_hours", "zone"]
/** Room between the part and its start and end. */
const APART = 140

export interface Chosen {
    readonly nodes: ReadonlySet<string>
    readonly notes: ReadonlySet<string>
}

export interface Extracted {
    readonly definition: Definition
    /** The node that stands in place of the part. */
    readonly id: string
    readonly part: Definition
}

/** Say why some nodes cannot become a flow of their own; an empty text where they can.
 *
 * They can where nothing changes by it for anybody: all come in at one node, and all go on to one, or none does.
 */
export function extractionRefusal(definition: Definition, ids: ReadonlySet<string>, kinds: Kinds): string {
    const nodes = definition.nodes.filter((node) => ids.has(node.id))
    if (!kinds.of(SUB_FLOW)) return "There are no sub-flows here."
    if (!nodes.length) return "Select the nodes that are to become a flow of their own."
    if (nodes.some((node) => node.kind === START)) return "The start stays in this flow: select other nodes."
    return refusalOfWays(definition, ids, kinds) || refusalOfEnds(definition, nodes, kinds)
}

function refusalOfWays(definition: Definition, ids: ReadonlySet<string>, kinds: Kinds): string {
    const names = (all: readonly string[]): string => {
        return all.map((id) => `“${nameOf(definition, id, kinds)}”`).join(" and ")
    }
    const isJoin = (id: string): boolean => kinds.of(nodeOf(definition, id)?.kind ?? "")?.is_join ?? false
    const [coming, leaving] = [edgesInto(definition, ids), edgesOutOf(definition, ids)]
    const [entries, targets] = [each(coming.map((edge) => edge.to)), each(leaving.map((edge) => edge.to))]
    const [entry, target] = [entries[0], targets[0]]
    if (entry === undefined) return "Nobody comes to what is selected."
    if (entries.length > 1) return `People come in at ${names(entries)}: let all come in at one node.`
    if (coming.length > 1 && isJoin(entry)) {
        return `Branches come together in ${names([entry])}: select where they part, too.`
    }
    if (targets.length > 1) return `People go on to ${names(targets)}: let all go on to one node, or none.`
    if (target !== undefined && leaving.length > 1 && isJoin(target)) {
        return `Branches come together in ${names([target])}: select it, too.`
    }
    return ""
}

function refusalOfEnds(definition: Definition, nodes: readonly NodePart[], kinds: Kinds): string {
    const ids = new Set(nodes.map((node) => node.id))
    const ofAll = nodes.find((node) => kinds.of(node.kind)?.is_end && node.settings?.ends === "run")
    if (ofAll) return `“${titleOf(ofAll, kinds)}” ends all branches; in a sub-flow it would end its own alone.`
    const ending = edgesOutOf(definition, ids).length ? nodes.find((node) => mayEnd(definition, node, kinds)) : undefined
    return ending
        ? `Some people end at “${titleOf(ending, kinds)}”, and others go on: let all go on to one node, or none.`
        : ""
}

/** Whether people may be at their end at a node; what fails ends the run in a sub-flow as it does here. */
function mayEnd(definition: Definition, node: NodePart, kinds: Kinds): boolean {
    const usual = usualPort(definition, node, kinds)
    const ports = isDisabled(node) && usual !== undefined ? [usual] : (kinds.portsOf(node) ?? [])
    const used = new Set(definition.edges.filter((edge) => edge.from === node.id).map(portOf))
    return !ports.length || ports.some((port) => port !== "error" && !used.has(port))
}

/** Return the nodes that read what a sub-flow does not have: the event that began the run, and its memory. */
export function readingOutside(definition: Definition, ids: ReadonlySet<string>): NodePart[] {
    const reads = ({ settings }: NodePart): boolean => /\b(?:event|memory)@/.test(JSON.stringify(settings ?? {}))
    return definition.nodes.filter((node) => ids.has(node.id) && reads(node))
}

/** Let some nodes become a flow of its own key and name. What is refused above is for its caller to ask first. */
export function extracted(
    definition: Definition,
    chosen: Chosen,
    flow: { readonly key: string; readonly name: string },
    around: { readonly kinds: Kinds; readonly chance: Chance },
): Extracted | null {
    const [coming, leaving] = [edgesInto(definition, chosen.nodes), edgesOutOf(definition, chosen.nodes)]
    const entry = coming[0] && nodeOf(definition, coming[0].to)
    if (!entry) return null
    const { kinds, chance } = around
    const id = freeId(definition, SUB_FLOW, chance)
    const node: NodePart = { id, kind: SUB_FLOW, name: flow.name, settings: { flow: flow.key } }
    const placed: NodePart = { ...node, position: rounded(positionOf(entry)) }
    const into = coming.map(({ name: _name, ...edge }): Edge => ({ ...edge, to: id }))
    const port = kinds.portsOf(node)?.[0] ?? "out"
    const onward = leaving.slice(0, 1).map((edge): Edge => {
        const isToJoin = kinds.of(nodeOf(definition, edge.to)?.kind ?? "")?.is_join
        return { from: id, port, to: edge.to, ...(isToJoin && { name: edge.name || edge.from }) }
    })
    const left = notesRemoved(removed(definition, chosen.nodes), chosen.notes)
    const found = { ...left, nodes: [...left.nodes, placed], edges: [...left.edges, ...into, ...onward] }
    return { definition: inGroupOf(definition, chosen.nodes, found, id), id, part: partOf(definition, chosen, entry, kinds) }
}

/** Put the node into the group in which all of the part was, where others of that are left. */
function inGroupOf(before: Definition, ids: ReadonlySet<string>, after: Definition, id: string): Definition {
    const groups = each([...ids].map((one) => groupOf(before, one)?.id))
    const [group] = groups
    const isThere = groups.length === 1 && group !== undefined && groupById(after, group)
    return isThere ? groupJoined(after, group, new Set([id])) : after
}

function partOf(definition: Definition, chosen: Chosen, entry: NodePart, kinds: Kinds): Definition {
    const { nodes: ids, notes } = chosen
    const nodes = definition.nodes.filter((node) => ids.has(node.id))
    const [start, end] = [ownId(START, ids), ownId(END, ids)]
    const leaving = edgesOutOf(definition, ids)
    const { x, y } = positionOf(entry)
    const bottom = Math.max(...nodes.map((node) => positionOf(node).y))
    const first: NodePart = { id: start, kind: START, settings: {}, position: { x, y: y - APART } }
    const last: NodePart = { id: end, kind: END, settings: {}, position: { x, y: bottom + APART } }
    const [coming] = edgesInto(definition, ids)
    const isJoin = kinds.of(entry.kind)?.is_join
    const begin = { from: start, port: kinds.portsOf(first)?.[0] ?? "out", to: entry.id }
    const inside = definition.edges.filter((edge) => ids.has(edge.from) && ids.has(edge.to))
    return {
        ...Object.fromEntries(Object.entries(definition).filter(([key]) => KEPT.includes(key))),
        nodes: [first, ...nodes, ...(leaving.length ? [last] : [])],
        edges: [
            { ...begin, ...(isJoin && coming && { name: coming.name || coming.from }) },
            ...inside,
            ...leaving.map(({ name: _name, ...edge }): Edge => ({ ...edge, to: end })),
        ],
        groups: groupsOf(definition).filter((group) => group.nodes.every((id) => ids.has(id))),
        notes: notesOf(definition).filter((note) => notes.has(note.id)),
    }
}

function ownId(wanted: string, taken: ReadonlySet<string>): string {
    let id = wanted
    while (taken.has(id)) id = `${id}-`
    return id
}

function edgesInto(definition: Definition, ids: ReadonlySet<string>): Edge[] {
    return definition.edges.filter((edge) => !ids.has(edge.from) && ids.has(edge.to))
}

function edgesOutOf(definition: Definition, ids: ReadonlySet<string>): Edge[] {
    return definition.edges.filter((edge) => ids.has(edge.from) && !ids.has(edge.to))
}

function nameOf(definition: Definition, id: string, kinds: Kinds): string {
    const node = nodeOf(definition, id)
    return node ? titleOf(node, kinds) : id
}

const each = <T>(all: readonly T[]): T[] => [...new Set(all)]
