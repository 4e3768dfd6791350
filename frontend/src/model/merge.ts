// What two people made of one definition: all that only one of them changed, and where both did, a choice.

import {
    edgeKey,
    groupsOf,
    normalised,
    type Definition,
    type Edge,
    type Group,
    type NodePart,
    type Note,
} from "./definition"
import { isList, isObject, keysOf, own, same, type Json, type JsonObject } from "./json"

export type Choice = "mine" | "theirs"
export type Path = readonly string[]
type Value = Json | undefined

/** What both changed, each to something else. Undefined: it is not there. */
export interface Conflict {
    readonly path: Path
    readonly base: Value
    readonly mine: Value
    readonly theirs: Value
}

export interface Merged {
    /** Where nothing was chosen yet it has mine; what only one deleted is still there. */
    readonly definition: Definition
    readonly conflicts: readonly Conflict[]
}

export interface Options {
    readonly choices?: ReadonlyMap<string, Choice>
    /** What of mine they have seen: it is no change of theirs. */
    readonly sent?: Definition | null
}

/** Lists whose parts have keys of their own; of those in order that counts. */
const NODES = "nodes"
const EDGES = "edges"
const NOTES = "notes"
const GROUPS = "groups"
const IN_ORDER: readonly string[] = ["triggers", "goals", "exits"]
/** What is merged key by key; all else is one value. */
const ENTRY = "entry"
const SETTINGS = "settings"
/** Where both have placed a node or a note, or made a note larger, nobody is asked. */
const PLACED: readonly string[] = ["position", "size"]
const ORDER = "(order)"

/** Name a conflict, for a choice. */
export function nameOf(path: Path): string {
    return JSON.stringify(path)
}

/** Put together what was made of a base. Commutative, but for where somebody has to choose, and where nodes stand. */
export function merged(base: Definition, mine: Definition, theirs: Definition, options: Options = {}): Merged {
    const [was, one, other] = [normalised(base), normalised(mine), normalised(theirs)]
    if (same(other, was) || same(other, one)) return { definition: one, conflicts: [] }
    if (same(one, was) && !options.sent) return { definition: other, conflicts: [] }
    const merging = new Merging(options.choices ?? new Map(), options.sent ? normalised(options.sent) : null)
    return { definition: merging.whole(was, one, other), conflicts: merging.conflicts }
}

class Merging {
    readonly conflicts: Conflict[] = []

    constructor(
        private readonly choices: ReadonlyMap<string, Choice>,
        private readonly sent: Definition | null,
    ) {}

    whole(base: Definition, mine: Definition, theirs: Definition): Definition {
        const sent = this.sent ?? undefined
        const others = keysOf(base, mine, theirs).filter((key) => ![NODES, EDGES, NOTES, GROUPS].includes(key))
        const found = others.map((key): [string, Value] => {
            const given = [base, mine, theirs, sent ?? {}].map((each) => own<Value>(each, key)) as unknown as Four
            return [key, IN_ORDER.includes(key) ? this.listed(key, given) : this.value([key], given)]
        })
        const edges = this.parts(EDGES, [base.edges, mine.edges, theirs.edges, sent?.edges], edgeOf) as readonly Edge[]
        const used = newlyUsed(base, mine, theirs, edges)
        const lists: Lists = [base.nodes, mine.nodes, theirs.nodes, sent?.nodes]
        const nodes = this.parts(NODES, lists, idOf, used) as readonly NodePart[]
        const there = idsOf(nodes)
        const known = idsOf([...base.nodes, ...mine.nodes, ...theirs.nodes])
        const notes = this.parts(NOTES, [base.notes, mine.notes, theirs.notes, sent?.notes], idOf)
        const isLost = (id: string): boolean => known.has(id) && !there.has(id)
        return normalised({
            ...Object.fromEntries(found.filter(([, value]) => value !== undefined)),
            nodes,
            edges: edges.filter((edge) => !isLost(edge.from) && !isLost(edge.to)),
            notes: notes as readonly Note[],
            groups: this.groups([base, mine, theirs, sent ?? base], nodes),
        })
    }

    /** Merge groups by what is said of them, and by who is in which; nobody is asked for the latter. */
    private groups(given: Definitions, nodes: readonly NodePart[]): Group[] {
        const lists = given.map((each) => groupsOf(each).map((group) => ({ ...group, nodes: [] }))) as unknown as Lists
        const kept = this.parts(GROUPS, lists, idOf) as readonly Group[]
        const there = new Set(kept.map((group) => group.id))
        const maps = given.map(membership) as unknown as Memberships
        const [base] = maps
        // Where somebody has taken a group away that is kept all the same, who was in it still is.
        const of = (id: string) => (groups: ReadonlyMap<string, string>, at: number): string | undefined => {
            const [now, before] = [groups.get(id), base.get(id)]
            const isGone = before !== undefined && !groupsOf(given[at] ?? given[0]).some((each) => each.id === before)
            return now ?? (isGone && there.has(before) ? before : undefined)
        }
        const found = new Map(kept.map((group): [string, string[]] => [group.id, []]))
        for (const { id } of nodes) {
            const group = this.agreedGroup(maps.map(of(id)) as unknown as Four)
            if (group !== undefined) found.get(group)?.push(id)
        }
        return kept.map((group) => ({ ...group, nodes: found.get(group.id) ?? [] })).filter((each) => each.nodes.length)
    }

    /** Return the group of a node; where both have put it into another one, the same whoever is called mine. */
    private agreedGroup(given: Four): string | undefined {
        const [base, mine, theirs] = this.seen(given) as readonly (string | undefined)[]
        if (mine === theirs || theirs === base) return mine
        if (mine === base || mine === undefined) return theirs
        return theirs === undefined || mine < theirs ? mine : theirs
    }

    private listed(key: string, given: Four): Value {
        const lists = given.map((each) => (each === undefined ? [] : each))
        const areKeyed = lists.every((each) => isList(each) && keyed(each, idOf) !== null)
        return areKeyed ? this.parts(key, lists as unknown as Lists, idOf) : this.value([key], given)
    }

    private parts(key: string, lists: Lists, keyOf: KeyOf, used: ReadonlySet<string> = new Set()): readonly Json[] {
        const [base, mine, theirs, sent] = lists.map((each) => keyed(each ?? [], keyOf) ?? new Map()) as unknown as Maps
        const found = new Map<string, JsonObject>()
        for (const id of new Set([...base.keys(), ...mine.keys(), ...theirs.keys()])) {
            const given: Four = [base.get(id), mine.get(id), theirs.get(id), sent.get(id)]
            const value = this.part([key, id], given, used.has(id))
            if (isObject(value)) found.set(id, value)
        }
        const order = this.inOrder(key, [base, mine, theirs, sent], found)
        return order.map((id) => found.get(id)).filter(isObject)
    }

    /** Merge one part, which may have been added or deleted. */
    private part(path: Path, given: Four, isUsed: boolean): Value {
        const [base, mine, theirs] = this.seen(given)
        if (isObject(mine) && isObject(theirs)) {
            if (same(mine, theirs) || same(theirs, base)) return mine
            if (same(mine, base)) return theirs
            return isObject(base) || isObject(given[3]) ? this.keys(path, given) : this.value(path, given)
        }
        const left = mine ?? theirs
        if (!isObject(base) || !isObject(left)) return this.value(path, given)
        if (!isUsed && same(unplaced(left), unplaced(base))) return undefined
        const choice = this.chosen(path, [base, mine, theirs])
        return choice ? { mine, theirs }[choice] : left
    }

    private keys(path: Path, given: Four): JsonObject {
        const four = given.map((each) => (isObject(each) ? each : {}))
        const entries = keysOf(...four.slice(0, 3)).map((key): [string, Value] => {
            return [key, this.value([...path, key], four.map((each) => own(each, key)) as unknown as Four)]
        })
        return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
    }

    private value(path: Path, given: Four): Value {
        const [base, mine, theirs] = this.seen(given)
        if (same(mine, theirs) || same(theirs, base)) return mine
        if (same(mine, base)) return theirs
        if (path.length === 3 && [NODES, NOTES].includes(path[0] ?? "") && PLACED.includes(path[2] ?? "")) return mine
        if (isByKey(path) && [mine, theirs].every((each) => each === undefined || isObject(each))) {
            return this.keys(path, given)
        }
        return this.chosen(path, [base, mine, theirs]) === "theirs" ? theirs : mine
    }

    /** Return base, mine and theirs; where theirs is what was sent, it is what mine was made of. */
    private seen([base, mine, theirs, sent]: Four): readonly [Value, Value, Value] {
        return [this.sent && same(theirs, sent) ? theirs : base, mine, theirs]
    }

    private chosen(path: Path, [base, mine, theirs]: readonly [Value, Value, Value]): Choice | undefined {
        const choice = this.choices.get(nameOf(path))
        if (!choice) this.conflicts.push({ path, base, mine, theirs })
        return choice
    }

    /** Order what was kept: as whoever has changed the order, else as it was, and behind that what is new. */
    private inOrder(key: string, maps: Maps, found: Parts): string[] {
        const given = maps.map((each) => [...each.keys()]) as unknown as Orders
        const [was, mine, theirs] = this.seen(given) as unknown as Orders
        if (same(theirs, was)) return covering(mine, found)
        if (same(mine, was)) return covering(theirs, found)
        const common = given.map((ids) => ids.filter((id) => maps.slice(0, 3).every((each) => each.has(id))))
        const path = [key, ORDER]
        const order = IN_ORDER.includes(key)
            ? this.value(path, common as unknown as Four)
            : this.agreed(common as unknown as Orders)
        return covering(order as readonly string[], found)
    }

    private agreed(common: Orders): readonly string[] {
        const [was, mine, theirs] = this.seen(common) as unknown as Orders
        if (same(mine, theirs) || same(theirs, was)) return mine
        return same(mine, was) ? theirs : was
    }
}

type Definitions = readonly [base: Definition, mine: Definition, theirs: Definition, sent: Definition]
type Membership = ReadonlyMap<string, string>
type Memberships = readonly [base: Membership, mine: Membership, theirs: Membership, sent: Membership]
type Parts = ReadonlyMap<string, JsonObject>
type Maps = readonly [base: Parts, mine: Parts, theirs: Parts, sent: Parts]
type Orders = readonly [base: string[], mine: string[], theirs: string[], sent: string[]]
type Four = readonly [base: Value, mine: Value, theirs: Value, sent: Value]
type List = readonly Json[] | undefined
type Lists = readonly [base: List, mine: List, theirs: List, sent: List]
type KeyOf = (part: JsonObject) => string | null

const idOf: KeyOf = (part) => (typeof part.id === "string" ? part.id : null)
const edgeOf: KeyOf = (part) => edgeKey(part as Edge)
const idsOf = (nodes: readonly NodePart[]): ReadonlySet<string> => new Set(nodes.map((node) => node.id))

function isByKey(path: Path): boolean {
    return path.length === 1 ? path[0] === ENTRY : path.length === 3 && path[0] === NODES && path[2] === SETTINGS
}

/** Return the nodes that one has deleted while the other has led a new edge from or to them. */
function newlyUsed(base: Definition, mine: Definition, theirs: Definition, edges: readonly Edge[]) {
    const before = new Set(base.edges.map(edgeKey))
    const ends = edges.filter((edge) => !before.has(edgeKey(edge))).flatMap((edge) => [edge.from, edge.to])
    const [one, other] = [idsOf(mine.nodes), idsOf(theirs.nodes)]
    return new Set(ends.filter((id) => one.has(id) !== other.has(id)))
}

/** Return the parts of a list by their keys; null where they have none, or several have the same. */
function keyed(list: readonly Json[], keyOf: KeyOf): Map<string, JsonObject> | null {
    const found = new Map<string, JsonObject>()
    for (const part of list) {
        const key = isObject(part) ? keyOf(part) : null
        if (key === null || found.has(key)) return null
        found.set(key, part as JsonObject)
    }
    return found
}

/** Return those that were found in an order, and behind them those that are not in it. */
function covering(order: readonly string[], found: Parts): string[] {
    const told = new Set(order)
    return [...order.filter((id) => found.has(id)), ...[...found.keys()].filter((id) => !told.has(id)).sort()]
}

function unplaced(part: JsonObject): JsonObject {
    return { ...part, ...Object.fromEntries(PLACED.map((key) => [key, undefined])) }
}

/** Return the group of each node that is in one. */
function membership(definition: Definition): Membership {
    return new Map(groupsOf(definition).flatMap((group) => group.nodes.map((id): [string, string] => [id, group.id])))
}
