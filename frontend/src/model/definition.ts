// What a flow is, as the server keeps it: docs/flows.md explains it, apps/flows/definition reads it. What is not known
// here is kept as it is, whatever it is.

import defaults from "./defaults.json"
import { isList, isObject, objectOf, same, sorted, type Json, type JsonObject } from "./json"

export interface Position extends JsonObject {
    readonly x?: number
    readonly y?: number
}

export interface Retry extends JsonObject {
    readonly times?: number
    readonly rest_secs?: number
}

export type OnError = "fail" | "continue"

export interface Where {
    readonly x: number
    readonly y: number
}

/** In pixels, as positions are. */
export interface Size {
    readonly width: number
    readonly height: number
}

export interface NodePart extends JsonObject {
    readonly id: string
    readonly kind: string
    readonly name?: string
    readonly settings?: JsonObject
    readonly position?: Position
    readonly on_error?: OnError
    readonly retry?: Retry
    /** People pass it by its usual port, and nothing happens. */
    readonly is_disabled?: boolean
}

export interface Edge extends JsonObject {
    readonly from: string
    readonly port?: string
    readonly to: string
    readonly name?: string
}

export type TriggerKind = "event" | "segment" | "field" | "consent" | "date" | "schedule" | "webhook" | "manual"

export interface Trigger extends JsonObject {
    readonly id: string
    readonly kind: TriggerKind
}

export interface Entry extends JsonObject {
    readonly frequency?: "every" | "once" | "interval"
    readonly interval_secs?: number
    readonly max_live?: number | null
    readonly key?: string
}

/** What makes people leave. One that says no id goes by its place: exit-1, or whichever it is. */
export interface Exit extends JsonObject {
    readonly id?: string
    readonly event_type?: string
    readonly match?: { readonly [path: string]: string }
    readonly condition?: string
}

export interface Goal extends Exit {
    readonly id: string
    readonly name?: string
    readonly within_secs?: number | null
    readonly ends_run?: boolean
}

export interface QuietHours extends JsonObject {
    readonly from: string
    readonly to: string
}

export type Color = "yellow" | "green" | "blue" | "purple" | "red" | "gray"

/** What is written beside the nodes: plain text, or simple Markdown. */
export interface Note extends JsonObject {
    readonly id: string
    readonly text?: string
    readonly color?: Color
    readonly position?: Position
    readonly size?: { readonly width?: number; readonly height?: number }
}

/** Nodes that belong together; each is in one at most. It is drawn around them, wherever they are. */
export interface Group extends JsonObject {
    readonly id: string
    readonly name?: string
    readonly color?: Color
    readonly nodes: readonly string[]
}

export interface Definition extends JsonObject {
    readonly nodes: readonly NodePart[]
    readonly edges: readonly Edge[]
    readonly notes?: readonly Note[]
    readonly groups?: readonly Group[]
    readonly triggers?: readonly Trigger[]
    readonly entry?: Entry
    readonly consents?: readonly string[]
    readonly exits?: readonly Exit[]
    readonly goals?: readonly Goal[]
    readonly quiet_hours?: QuietHours | "none" | null
    readonly zone?: string
    readonly answers_inline?: boolean
    readonly inline_ms?: number
    readonly trace_percent?: number
    readonly every_secs?: number
    readonly max_steps?: number
    readonly max_days?: number
}

/** The kind of the node where all begin. */
export const START = "start"
export const COLORS = defaults.colors as readonly Color[]
export const [NOTE_COLOR, GROUP_COLOR] = [defaults.note.color as Color, defaults.group.color as Color]

const ORDER = [
    ...["id", "kind", "name", "event_type", "segment", "change", "consent", "field", "condition", "match"],
    ...["triggers", "entry", "consents", "exits", "goals", "quiet_hours", "zone", "nodes", "edges", "notes", "groups"],
    ...["from", "port", "to", "is_disabled", "settings", "on_error", "retry", "text", "color", "position", "size"],
]
const RANKS: ReadonlyMap<string, number> = new Map(ORDER.map((key, rank) => [key, rank]))
const TRIGGERS: Readonly<Record<string, JsonObject>> = defaults.triggers

export function portOf(edge: Edge): string {
    return edge.port ?? defaults.edge.port
}

/** Name an edge as the server's problems do. */
export function edgeKey(edge: Edge): string {
    return `${edge.from}.${portOf(edge)} -> ${edge.to}`
}

/** Farther away than this nothing is drawn: nobody would find it. */
const FARTHEST = 1_000_000

export function positionOf({ position }: NodePart | Note): Where {
    const within = (value = 0) => Math.min(FARTHEST, Math.max(-FARTHEST, value))
    return { x: within(position?.x), y: within(position?.y) }
}

export function sizeOfNote({ size }: Note): Size {
    return sizeWithin({ width: size?.width ?? defaults.size.width, height: size?.height ?? defaults.size.height })
}

/** Return the size that a note may have, next to one that somebody asks for. */
export function sizeWithin({ width, height }: Size): Size {
    const { least, most } = defaults.sides
    const within = (length: number) => Math.min(most, Math.max(least, length))
    return { width: within(width), height: within(height) }
}

export function notesOf(definition: Definition): readonly Note[] {
    return definition.notes ?? []
}

export function groupsOf(definition: Definition): readonly Group[] {
    return definition.groups ?? []
}

export function noteOf(definition: Definition, id: string): Note | undefined {
    return notesOf(definition).find((note) => note.id === id)
}

export function isDisabled(node: NodePart): boolean {
    return node.is_disabled ?? false
}

export function nodeOf(definition: Definition, id: string): NodePart | undefined {
    return definition.nodes.find((node) => node.id === id)
}

/** Return the same definition as it is stored: keys in their order, without what is so anyhow. */
export const normalised = remembered(whole)

/** Remember what was made of an object: a gesture changes few, and all others are the same as before. */
function remembered<T extends JsonObject>(make: (part: T) => T): (part: T) => T {
    const known = new WeakMap<T, T>()
    return (part) => {
        const found = known.get(part) ?? make(part)
        known.set(part, found)
        known.set(found, found)
        return found
    }
}

/** Write a definition as one text; whatever says the same is the same text, however its keys were ordered. */
export function textOf(definition: Definition): string {
    return JSON.stringify(normalised(definition), null, 2)
}

/** Whether two definitions say different things: neither defaults nor the order of nodes and edges are any. */
export function differs(one: Definition, other: Definition): boolean {
    return one !== other && !same(unordered(normalised(one)), unordered(normalised(other)))
}

function unordered(definition: Definition): JsonObject {
    const byId = (parts: readonly (NodePart | Note | Group)[]): JsonObject => {
        return Object.fromEntries(parts.map((part) => [part.id, part]))
    }
    const edges = Object.fromEntries(definition.edges.map((edge) => [edgeKey(edge), edge]))
    const [notes, groups] = [byId(notesOf(definition)), byId(groupsOf(definition))]
    return { ...definition, nodes: byId(definition.nodes), edges, notes, groups }
}

const LISTS = ["exits", "goals", "nodes", "edges", "notes", "groups"]
const PARTS: ReadonlySet<string> = new Set(["triggers", "entry", ...LISTS])

function whole(definition: Definition): Definition {
    const parts: JsonObject = {
        ...definition,
        triggers: list(definition.triggers, trigger),
        entry: isObject(definition.entry) ? said(definition.entry, defaults.entry) : (definition.entry ?? {}),
        exits: list(named(definition.exits), (each) => said(each, defaults.exit)),
        goals: list(definition.goals, (each) => said(each, defaults.goal)),
        nodes: definition.nodes.map(storedNode),
        edges: definition.edges.map(storedEdge),
        notes: notesOf(definition).map(storedNote),
        groups: groupsOf(definition).map(storedGroup),
    }
    return said(parts, defaults.definition, (key, value) => (PARTS.has(key) ? value : sorted(value))) as Definition
}

const storedNode = remembered((part: NodePart) => {
    const { position, retry } = part
    const inside = {
        ...(position && { position: said(position, defaults.position) }),
        ...(retry && { retry: said(retry, defaults.retry) }),
    }
    return said({ ...part, ...inside }, defaults.node) as NodePart
})

const storedNote = remembered((part: Note) => {
    const { position, size } = part
    const inside = {
        ...(position && { position: said(position, defaults.position) }),
        ...(size && { size: said(size, defaults.size) }),
    }
    return said({ ...part, ...inside }, defaults.note) as Note
})

const storedGroup = remembered((part: Group) => {
    return said({ ...part, nodes: [...part.nodes].sort() }, defaults.group) as Group
})

const storedEdge = remembered((part: Edge) => said(part, defaults.edge) as Edge)

function trigger(part: JsonObject): JsonObject {
    const { kind } = part
    return said(part, typeof kind === "string" && Object.hasOwn(TRIGGERS, kind) ? (TRIGGERS[kind] ?? {}) : {})
}

/** Return exits that all have an id: what says none goes by its place, as the server has it. */
export function named(exits: Json | undefined): Json | undefined {
    if (!isList(exits) || !exits.every(isObject) || exits.every(({ id }) => id)) return exits
    const taken = new Set(exits.map(({ id }) => id))
    return exits.map((each, at) => {
        let id = each.id || `exit-${at + 1}`
        while (!each.id && taken.has(id)) id = `${id as string}-`
        taken.add(id)
        return { ...each, id }
    })
}

/** Return each part of a list as it is stored; what is no list, or no object, as it is. */
function list(value: Json | undefined, part: (each: JsonObject) => JsonObject): Json {
    if (!isList(value)) return value ?? []
    return value.map((each) => (isObject(each) ? part(each) : each))
}

/** Return what an object says besides its defaults, by the order of its keys. */
function said(
    part: JsonObject,
    unsaid: JsonObject,
    inner: (key: string, value: Json) => Json = (_key, value) => sorted(value),
): JsonObject {
    const entries = Object.entries(part).map(([key, value]): [string, Json | undefined] => {
        const isSaid = value !== undefined && !(Object.hasOwn(unsaid, key) && same(value, unsaid[key]))
        return [key, isSaid ? inner(key, value) : undefined]
    })
    return objectOf(entries, RANKS)
}
