// Graphs, and what people do to them, by chance.

import fc from "fast-check"
import {
    COLORS,
    edgeKey,
    groupsOf,
    notesOf,
    type Definition,
    type Edge,
    type NodePart,
} from "../src/model/definition"
import * as disabling from "../src/model/disabling"
import * as gestures from "../src/model/gestures"
import * as groups from "../src/model/groups"
import * as notes from "../src/model/notes"
import { copied, pasted } from "../src/model/clipboard"
import type { Chance } from "../src/model/ids"
import { laidOut } from "../src/model/layout"
import * as places from "../src/model/places"
import { extracted, extractionRefusal } from "../src/model/subflow"
import type { Json } from "../src/model/json"
import { KINDS, kinds } from "./kinds"

export const size: places.SizeOf = () => ({ width: 220, height: 80 })

export const EMPTY: Definition = {
    triggers: [{ id: "t1", kind: "manual" }],
    nodes: [
        { id: "start", kind: "start", settings: {} },
        { id: "end", kind: "end", settings: {} },
    ],
    edges: [{ from: "start", port: "out", to: "end" }],
}

/** What people do, as numbers: what they stand for depends on the graph at that moment. */
export type Deed = { readonly what: number; readonly one: number; readonly other: number; readonly text: string }

export const deed: fc.Arbitrary<Deed> = fc.record({
    what: fc.nat(23),
    one: fc.nat(10_000),
    other: fc.nat(10_000),
    text: fc.string({ maxLength: 8 }),
})

export const deeds = (n: number): fc.Arbitrary<Deed[]> => fc.array(deed, { maxLength: n })

function one<T>(list: readonly T[], number: number): T | undefined {
    return list[number % Math.max(list.length, 1)]
}

/** A chance that is the same for the same number. */
export function chanceOf(number: number): Chance {
    let state = (number + 1) * 2_654_435_761
    return () => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
        return state / 2_147_483_648
    }
}

export function done(definition: Definition, deed: Deed): Definition {
    return deed.what < 16 ? withNodes(definition, deed) : beside(definition, deed)
}

/** What people do to notes and groups, and what they disable. */
function beside(definition: Definition, { what, one: a, other: b, text }: Deed): Definition {
    const [note, other] = [one(notesOf(definition), a), one(notesOf(definition), b)]
    const both = new Set([note?.id ?? "", other?.id ?? ""])
    const group = one(groupsOf(definition), a)?.id ?? ""
    const some = new Set([a, b, a + b].map((each) => one(definition.nodes, each)?.id ?? ""))
    const color = one(COLORS, b) ?? "gray"
    switch (what) {
        case 16:
            return disabling.toggled(definition, some, kinds)
        case 17:
            return notes.noteAdded(definition, notes.noteMade(definition, { x: a, y: b }, chanceOf(a * 7 + b), text))
        case 18: {
            const changed = notes.noteChanged(definition, note?.id ?? "", b % 2 ? { text } : { color })
            return notes.noteSized(changed, other?.id ?? "", { width: a, height: b }, { x: b, y: a })
        }
        case 19:
            if (a % 3 === 0) return notes.notesRemoved(definition, both)
            return notes.notesShifted(definition, both, { x: a % 50, y: b % 50 })
        case 20:
            return groups.grouped(definition, some, chanceOf(a * 7 + b), text)
        case 21:
            if (a % 3 === 0) return groups.ungrouped(definition, new Set([group]))
            return groups.groupChanged(definition, group, b % 2 ? { name: text } : { color })
        case 22: {
            const chosen = { nodes: new Set([one(definition.nodes, a)?.id ?? ""]), notes: both }
            if (extractionRefusal(definition, chosen.nodes, kinds)) return definition
            const around = { kinds, chance: chanceOf(a * 7 + b) }
            return extracted(definition, chosen, { key: "part", name: text }, around)?.definition ?? definition
        }
        default:
            if (b % 3 === 0) return places.groupShifted(definition, group, { x: a % 50, y: b % 50 })
            return b % 3 === 1 ? groups.groupJoined(definition, group, some) : groups.groupLeft(definition, some)
    }
}

function withNodes(definition: Definition, { what, one: a, other: b, text }: Deed): Definition {
    const node = one(definition.nodes, a)
    const next = one(definition.nodes, b)
    const edge = one(definition.edges, a)
    const kind = one(KINDS.filter(({ key }) => key !== "start"), b)
    const some = new Set([node?.id ?? "", next?.id ?? "", one(definition.nodes, a + b)?.id ?? ""])
    const made = gestures.made(definition, kind?.key ?? "wait", { x: a, y: b }, chanceOf(a * 7 + b))
    const id = node?.id ?? ""
    const port = (node && one(kinds.portsOf(node) ?? [], b)) ?? "out"
    switch (what) {
        case 0:
            return gestures.added(definition, made)
        case 1:
            return (edge && gestures.addedOnEdge(definition, made, edge, kinds)) ?? definition
        case 2:
            return gestures.addedBehind(definition, made, id, port, kinds) ?? definition
        case 3:
        case 4: {
            const drawn: Edge = { from: id, port, to: next?.id ?? "" }
            return gestures.refusal(definition, drawn, kinds) ? definition : gestures.connected(definition, drawn)
        }
        case 5:
            return edge ? gestures.disconnected(definition, [edgeKey(edge)]) : definition
        case 6:
            return gestures.renamed(definition, id, text)
        case 7:
            return gestures.setting(definition, id, one(["text", "length", "cases"], b) ?? "", value(a, text))
        case 8:
            return gestures.onError(definition, id, b % 2 ? "continue" : "fail")
        case 9:
            return gestures.retried(definition, id, { times: b % 4, rest_secs: 60 })
        case 10:
            return gestures.removed(definition, new Set([id]))
        case 11:
            return gestures.removedAndHealed(definition, some, kinds)
        case 12: {
            const text = copied(definition, some, new Set([one(notesOf(definition), b)?.id ?? ""]))
            return pasted(definition, text, { x: a, y: b }, kinds, chanceOf(a))?.definition ?? definition
        }
        case 13:
            return places.shifted(definition, some, { x: a % 50, y: b % 50 })
        case 14:
            return gestures.option(definition, one(["zone", "max_days", "exits", "later"], a) ?? "", value(b, text))
        default:
            return a % 20 ? places.aligned(definition, some, "left", size) : laidOut(definition, size, kinds)
    }
}

function value(number: number, text: string): Json | undefined {
    return [undefined, text, number, [text, number], { text, [text]: number }, [{ port: "gold" }]][number % 6]
}

/** A flow that somebody may have made. */
export const flow: fc.Arbitrary<Definition> = deeds(25).map((all) => all.reduce(done, EMPTY))

/** A node as a text: whatever it is called, what it does. */
export function shapeOf(nodes: readonly NodePart[], edges: readonly Edge[]): string[] {
    const told = new Map(
        nodes.map(({ id, kind, name, settings }, at) => [id, JSON.stringify([at, kind, name, settings])]),
    )
    return edges.map((edge) => `${told.get(edge.from)} ${edge.port} ${told.get(edge.to)}`).concat([...told.values()])
}
