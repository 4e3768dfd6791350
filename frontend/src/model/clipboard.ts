// Nodes as text: what is copied here is pasted in another flow, another browser, or a message.

import {
    START,
    groupsOf,
    normalised,
    notesOf,
    positionOf,
    sizeOfNote,
    type Definition,
    type Edge,
    type Group,
    type NodePart,
    type Note,
    type Where,
} from "./definition"
import { drawable } from "./drawable"
import { freshId, stemOf, type Chance } from "./ids"
import { isObject, type Json } from "./json"
import type { Kinds } from "./kinds"
import { rounded } from "./places"

const FORMAT = "cdp-flow-nodes-1"

export interface Pasted {
    readonly definition: Definition
    readonly ids: ReadonlySet<string>
    readonly notes: ReadonlySet<string>
}

const NONE: ReadonlySet<string> = new Set()

/** Write nodes with the edges between them and the groups of which all are there, and notes.
 *
 * A flow has one start, which is not copied.
 */
export function copied(definition: Definition, ids: ReadonlySet<string>, notes = NONE): string {
    const nodes = definition.nodes.filter((node) => ids.has(node.id) && node.kind !== START)
    const there = new Set(nodes.map((node) => node.id))
    const edges = definition.edges.filter((edge) => there.has(edge.from) && there.has(edge.to))
    const groups = groupsOf(definition).filter((group) => group.nodes.every((id) => there.has(id)))
    const written = notesOf(definition).filter((note) => notes.has(note.id))
    return JSON.stringify({ format: FORMAT, ...normalised({ nodes, edges, groups, notes: written }) }, null, 2)
}

/** Add what was copied, with its upper left corner at a place; null where the text is nothing that was.
 *
 * Nodes keep their ids where these are free, so that runs know again what was cut. A join goes on to know what comes by
 * the name that it had, and what refers to that still does.
 */
export function pasted(definition: Definition, text: string, at: Where, kinds: Kinds, chance: Chance): Pasted | null {
    const found = parsed(text)
    if (!found) return null
    const ids = freed(found.nodes, definition.nodes, chance)
    const idOf = (id: string): string => ids.get(id) ?? id
    const [left, top] = [least(found, "x"), least(found, "y")]
    const placed = <T extends NodePart | Note>(part: T): T => {
        const { x, y } = positionOf(part)
        return { ...part, position: rounded({ x: x - left + at.x, y: y - top + at.y }) }
    }
    const nodes = found.nodes.map((node) => ({ ...placed(node), id: idOf(node.id) }))
    const joins = new Set(found.nodes.filter((node) => kinds.of(node.kind)?.is_join).map((node) => node.id))
    const edges = found.edges.map((edge): Edge => {
        const [from, to] = [idOf(edge.from), idOf(edge.to)]
        return { ...edge, from, to, ...(joins.has(edge.to) && from !== edge.from && { name: edge.name || edge.from }) }
    })
    const noteIds = freed(notesOf(found), notesOf(definition), chance)
    const notes = notesOf(found).map((note) => {
        const size = note.size && { size: sizeOfNote(note) }
        return { ...placed(note), ...size, id: noteIds.get(note.id) ?? note.id }
    })
    const groupIds = freed(groupsOf(found), groupsOf(definition), chance)
    const groups = groupsOf(found).map((group): Group => {
        return { ...group, id: groupIds.get(group.id) ?? group.id, nodes: group.nodes.map(idOf) }
    })
    return {
        definition: {
            ...definition,
            nodes: [...definition.nodes, ...nodes],
            edges: [...definition.edges, ...edges],
            ...(notes.length && { notes: [...notesOf(definition), ...notes] }),
            ...(groups.length && { groups: [...groupsOf(definition), ...groups] }),
        },
        ids: new Set(ids.values()),
        notes: new Set(noteIds.values()),
    }
}

type Part = { readonly id: string }

/** Return an id for each part: its own, where nothing has it yet. */
function freed(parts: readonly Part[], there: readonly Part[], chance: Chance): Map<string, string> {
    const before = new Set(there.map(({ id }) => id))
    const taken = new Set([...before, ...parts.map(({ id }) => id)])
    const found = new Map<string, string>()
    for (const { id } of parts) {
        const other = before.has(id) ? freshId(stemOf(id), chance, (each) => taken.has(each)) : id
        taken.add(other)
        found.set(id, other)
    }
    return found
}

function least(found: Definition, axis: "x" | "y"): number {
    return Math.min(...[...found.nodes, ...notesOf(found)].map((part) => positionOf(part)[axis]))
}

function parsed(text: string): Definition | null {
    let found: Json
    try {
        found = JSON.parse(text) as Json
    } catch {
        return null
    }
    if (!isObject(found) || found.format !== FORMAT) return null
    const definition = drawable(found)
    if (!definition || !(definition.nodes.length || notesOf(definition).length)) return null
    const there = new Set(definition.nodes.map((node) => node.id))
    if (definition.nodes.some((node) => node.kind === START)) return null
    const used = [
        ...definition.edges.flatMap((edge) => [edge.from, edge.to]),
        ...groupsOf(definition).flatMap((group) => group.nodes),
    ]
    return used.every((id) => there.has(id)) ? definition : null
}
