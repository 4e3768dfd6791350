// What people do to a graph. Each gesture returns another definition, and leaves the one that it was given alone; one
// that changes nothing returns the same.

import {
    START,
    edgeKey,
    nodeOf,
    portOf,
    positionOf,
    type Definition,
    type Edge,
    type NodePart,
    type OnError,
    type Retry,
    type Where,
} from "./definition"
import { groupJoined, groupLeft, groupOf } from "./groups"
import { freshId, type Chance } from "./ids"
import { isList, isObject, own, same, type Json, type JsonObject } from "./json"
import type { Kinds } from "./kinds"
import { rounded } from "./places"
import { reachable, waysOf } from "./ways"

const STEP_DOWN = 120

// --- Adding ---

/** Make a node of a kind. */
export function made(
    definition: Definition,
    kind: string,
    at: Where,
    chance: Chance,
    settings: JsonObject = {},
): NodePart {
    return { id: freeId(definition, kind, chance), kind, settings, position: rounded(at) }
}

export function freeId(definition: Definition, wanted: string, chance: Chance, taken: ReadonlySet<string> = new Set()) {
    return freshId(wanted, chance, (id) => taken.has(id) || nodeOf(definition, id) !== undefined)
}

/** Add a node where it says that it is. */
export function added(definition: Definition, node: NodePart): Definition {
    return { ...definition, nodes: [...definition.nodes, node] }
}

/** Add a node in the middle of an edge, and to the group of both its ends; it leads on by its first port.
 *
 * Null where nothing leads on from it.
 */
export function addedOnEdge(definition: Definition, node: NodePart, edge: Edge, kinds: Kinds): Definition | null {
    const port = kinds.portsOf(node)?.[0]
    if (port === undefined) return null
    const key = edgeKey(edge)
    const edges = definition.edges.flatMap((each) => {
        if (edgeKey(each) !== key) return [each]
        return [edgeOf(each.from, portOf(each), node.id), moved(definition, each, node.id, port, kinds)]
    })
    const group = groupOf(definition, edge.from)
    const found = { ...added(definition, node), edges }
    return group?.nodes.includes(edge.to) ? groupJoined(found, group.id, new Set([node.id])) : found
}

/** Add a node behind a port, before all to which that has led; below the node whose port it is. */
export function addedBehind(
    definition: Definition,
    node: NodePart,
    from: string,
    port: string,
    kinds: Kinds,
): Definition | null {
    const source = nodeOf(definition, from)
    if (!source) return null
    const { x, y } = positionOf(source)
    const placed = { ...node, position: rounded({ x, y: y + STEP_DOWN }) }
    const isOfPort = (edge: Edge): boolean => edge.from === from && portOf(edge) === port
    const after = definition.edges.filter(isOfPort)
    const first = kinds.portsOf(node)?.[0]
    if (after.length && first === undefined) return null
    const others = definition.edges.filter((edge) => !isOfPort(edge))
    const onward = first === undefined ? [] : after.map((edge) => moved(definition, edge, node.id, first, kinds))
    const found = { ...added(definition, placed), edges: [...others, edgeOf(from, port, node.id), ...onward] }
    const group = groupOf(definition, from)
    const isInside = group && after.length > 0 && after.every((edge) => group.nodes.includes(edge.to))
    return isInside ? groupJoined(found, group.id, new Set([node.id])) : found
}

function edgeOf(from: string, port: string, to: string, name = ""): Edge {
    return { from, port, to, ...(name && { name }) }
}

/** Let an edge begin elsewhere; a join goes on to know it by the name by which it did. */
function moved(definition: Definition, edge: Edge, from: string, port: string, kinds: Kinds): Edge {
    const target = nodeOf(definition, edge.to)
    const isKnown = target !== undefined && kinds.of(target.kind)?.is_join
    return { ...edge, from, port, ...(isKnown && { name: edge.name || edge.from }) }
}

// --- Connecting ---

/** Say why an edge cannot be drawn; an empty text where it can. */
export function refusal(definition: Definition, edge: Edge, kinds: Kinds): string {
    const [source, target] = [nodeOf(definition, edge.from), nodeOf(definition, edge.to)]
    if (!source || !target) return `There is no node ${source ? edge.to : edge.from}.`
    const [ports, port] = [kinds.portsOf(source), portOf(edge)]
    if (ports && !ports.includes(port)) {
        const there = ports.length ? `It has ${ports.join(", ")}.` : "Nothing leads on from it."
        return `The node ${source.id} has no port ${port}. ${there}`
    }
    if (target.kind === START) return "Nothing leads back to the start."
    if (definition.edges.some((each) => edgeKey(each) === edgeKey(edge))) return "This edge is there already."
    if (circles(definition, edge, kinds)) return "People would go in a circle without end: let them wait on the way."
    const before = meetings(definition, kinds)
    const isNew = [...meetings(connected(definition, edge), kinds)].some((id) => !before.has(id))
    return isNew ? "Branches would meet again, and people go on from there twice. Let them meet in a join." : ""
}

/** Whether an edge would close a circle in which no time passes. */
function circles(definition: Definition, edge: Edge, kinds: Kinds): boolean {
    const waits = waitsOf(definition, kinds)
    if (waits.has(edge.from) || waits.has(edge.to)) return false
    return reachable(waysOf(definition), [edge.to], (id) => waits.has(id)).has(edge.from)
}

function waitsOf(definition: Definition, kinds: Kinds): Set<string> {
    return new Set(definition.nodes.filter((node) => kinds.of(node.kind)?.is_wait).map((node) => node.id))
}

/** Return where branches of one port meet, other than at joins and ends: people would go through it twice. */
function meetings(definition: Definition, kinds: Kinds): Set<string> {
    const [ways, found] = [waysOf(definition), new Set<string>()]
    const told = new Set<string>()
    for (const node of definition.nodes) {
        const kind = kinds.of(node.kind)
        if (kind?.is_join || kind?.is_end) told.add(node.id)
    }
    for (const [from, targets] of forksOf(definition)) {
        const [seen, met] = [new Set<string>(), new Set<string>()]
        for (const target of targets) {
            for (const id of reachable(ways, [target], (each) => each === from || told.has(each) || met.has(each))) {
                if (seen.has(id) && id !== from && !told.has(id)) met.add(id)
                seen.add(id)
            }
        }
        for (const id of met) {
            told.add(id)
            found.add(id)
        }
    }
    return found
}

/** Yield where the ports with several edges lead, with whose they are. */
function* forksOf(definition: Definition): Iterable<readonly [string, readonly string[]]> {
    const found = new Map<string, [string, string[]]>()
    const there = new Set(definition.nodes.map((node) => node.id))
    for (const edge of definition.edges.filter((each) => there.has(each.from) && there.has(each.to))) {
        const key = JSON.stringify([edge.from, portOf(edge)])
        found.set(key, [edge.from, [...(found.get(key)?.[1] ?? []), edge.to]])
    }
    for (const fork of found.values()) if (fork[1].length > 1) yield fork
}

/** Draw an edge. What `refusal` refuses is for its caller to ask first. */
export function connected(definition: Definition, edge: Edge): Definition {
    const key = edgeKey(edge)
    if (definition.edges.some((each) => edgeKey(each) === key)) return definition
    return { ...definition, edges: [...definition.edges, edgeOf(edge.from, portOf(edge), edge.to, edge.name)] }
}

export function disconnected(definition: Definition, keys: Iterable<string>): Definition {
    const gone = new Set(keys)
    const edges = definition.edges.filter((edge) => !gone.has(edgeKey(edge)))
    return edges.length === definition.edges.length ? definition : { ...definition, edges }
}

/** Name an edge: a join knows by it what came along. */
export function edgeNamed(definition: Definition, key: string, name: string): Definition {
    const edges = definition.edges.map((edge) => (edgeKey(edge) === key ? { ...edge, name } : edge))
    return { ...definition, edges }
}

/** Let the edges of a port begin at one of another name, as the port of a case goes by a new one. */
export function portRenamed(definition: Definition, id: string, before: string, after: string): Definition {
    const isOf = (edge: Edge): boolean => edge.from === id && portOf(edge) === before
    if (before === after || !definition.edges.some(isOf)) return definition
    const there = new Set(definition.edges.filter((edge) => !isOf(edge)).map(edgeKey))
    const edges = definition.edges
        .map((edge) => (isOf(edge) ? { ...edge, port: after } : edge))
        .filter((edge, at) => edge === definition.edges[at] || !there.has(edgeKey(edge)))
    return { ...definition, edges }
}

// --- Changing ---

/** What has gestures of its own. */
const DRAWN: readonly string[] = ["nodes", "edges", "notes", "groups"]

function changed(definition: Definition, id: string, change: (node: NodePart) => NodePart): Definition {
    const nodes = definition.nodes.map((node) => (node.id === id ? change(node) : node))
    return nodes.every((node, at) => node === definition.nodes[at]) ? definition : { ...definition, nodes }
}

/** Call a node something; without a name it goes by that of its kind. */
export function renamed(definition: Definition, id: string, name: string): Definition {
    return changed(definition, id, (node) => ((node.name ?? "") === name ? node : { ...node, name }))
}

/** Set one setting of a node; undefined takes it away. */
export function setting(definition: Definition, id: string, key: string, value: Json | undefined): Definition {
    return changed(definition, id, (node) => {
        if (same(own(node.settings ?? {}, key), value)) return node
        const others = Object.entries(node.settings ?? {}).filter(([name]) => name !== key)
        return { ...node, settings: Object.fromEntries(value === undefined ? others : [...others, [key, value]]) }
    })
}

/** Set all settings of a node. Where a setting names a port, and names it otherwise now, the edges of that port stay. */
export function withSettings(definition: Definition, id: string, settings: JsonObject, kinds: Kinds): Definition {
    const node = nodeOf(definition, id)
    if (!node || same(node.settings ?? {}, settings)) return definition
    const ports = new Set(kinds.portsOf(node) ?? [])
    const renames = renamedPorts(node.settings ?? {}, settings).filter(([before]) => ports.has(before))
    const next = changed(definition, id, (each) => ({ ...each, settings }))
    return renames.reduce((each, [before, after]) => portRenamed(each, id, before, after), next)
}

/** Return the texts in lists of parts that are others now, with what they were: one part after the other, in place. */
function renamedPorts(before: JsonObject, after: JsonObject): (readonly [string, string])[] {
    return Object.entries(after).flatMap(([name, parts]) => {
        const were = own(before, name)
        if (!isList(parts) || !isList(were) || parts.length !== were.length) return []
        return parts.flatMap((part, at) => {
            const was = were[at]
            if (!isObject(part) || !isObject(was)) return []
            return Object.entries(part).flatMap(([key, text]): [string, string][] => {
                const known = own(was, key)
                return typeof text === "string" && typeof known === "string" && text !== known ? [[known, text]] : []
            })
        })
    })
}

export function onError(definition: Definition, id: string, on_error: OnError): Definition {
    return changed(definition, id, (node) => ((node.on_error ?? "fail") === on_error ? node : { ...node, on_error }))
}

export function retried(definition: Definition, id: string, retry: Retry): Definition {
    return changed(definition, id, (node) => (same(node.retry ?? {}, retry) ? node : { ...node, retry }))
}

/** Set what holds for the whole flow, such as its triggers or exits; undefined takes it away. */
export function option(definition: Definition, key: string, value: Json | undefined): Definition {
    if (DRAWN.includes(key) || same(own(definition, key), value)) return definition
    const { nodes, edges, ...others } = definition
    const kept = Object.entries(others).filter(([name]) => name !== key)
    return { ...Object.fromEntries(value === undefined ? kept : [...kept, [key, value]]), nodes, edges }
}

// --- Deleting ---

/** Delete nodes, with the edges from and to them, and out of their groups. */
export function removed(definition: Definition, ids: ReadonlySet<string>): Definition {
    const nodes = definition.nodes.filter((node) => !ids.has(node.id))
    if (nodes.length === definition.nodes.length) return definition
    const edges = definition.edges.filter((edge) => !ids.has(edge.from) && !ids.has(edge.to))
    return { ...groupLeft(definition, ids), nodes, edges }
}

/** Return the edges that would close the gap where some nodes are deleted: from whoever led there to where one came by
 * their usual ports. */
export function healing(definition: Definition, ids: ReadonlySet<string>, kinds: Kinds): Edge[] {
    const found: Edge[] = []
    let left = removed(definition, ids)
    for (const edge of definition.edges) {
        if (ids.has(edge.from) || !ids.has(edge.to)) continue
        for (const last of ends(definition, edge.to, ids, kinds)) {
            const closing = moved(definition, last, edge.from, portOf(edge), kinds)
            if (refusal(left, closing, kinds)) continue
            left = connected(left, closing)
            found.push(closing)
        }
    }
    return found
}

/** Return the edges by which one leaves some nodes, going by the first port of each from which edges lead. */
function ends(definition: Definition, from: string, ids: ReadonlySet<string>, kinds: Kinds): Edge[] {
    const found: Edge[] = []
    const seen = new Set<string>()
    const waiting = [from]
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        if (seen.has(id)) continue
        seen.add(id)
        const leaving = definition.edges.filter((edge) => edge.from === id)
        const node = nodeOf(definition, id)
        const used = new Set(leaving.map(portOf))
        const port = ((node && kinds.portsOf(node)) ?? [...used]).find((each) => used.has(each))
        for (const edge of leaving.filter((each) => portOf(each) === port)) {
            if (ids.has(edge.to)) waiting.push(edge.to)
            else found.push(edge)
        }
    }
    return found
}

/** Delete nodes, and close the gap. */
export function removedAndHealed(definition: Definition, ids: ReadonlySet<string>, kinds: Kinds): Definition {
    return healing(definition, ids, kinds).reduce(connected, removed(definition, ids))
}
