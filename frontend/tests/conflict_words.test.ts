import { expect, test } from "vitest"
import type { Definition, Edge } from "../src/model/definition"
import type { JsonObject } from "../src/model/json"
import { merged } from "../src/model/merge"
import { ConflictWords } from "../src/saving/conflict_words"
import { ToldKinds, type Catalogue, type FullKind } from "../src/server/kinds"

const shape = (properties: JsonObject): JsonObject => ({ type: "object", properties })
const CHOICE: JsonObject = { title: "If nobody comes", enum: ["port", "go_on"], "x-labels": { go_on: "They go on at once" }, default: "port" }
const GOAL = shape({ id: { title: "Id" }, name: { title: "Name" }, ends_run: { title: "It ends the run", default: true } })
const CATALOGUE = {
    groups: [],
    nodes: [{ key: "wait", title: "Wait", schema: shape({ length: { title: "How long" }, missing: CHOICE }) } as Partial<FullKind>],
    triggers: [{ key: "event", title: "Event", schema: shape({ event_type: { title: "Event type" } }) }],
    entry: { schema: shape({ frequency: { title: "Who was in it", default: "every" } }) },
    options: { schema: shape({ goals: { title: "Goals", items: GOAL }, zone: { title: "Time zone" } }) },
    quiet_hours: { schema: shape({ from: { title: "From" }, to: { title: "To" } }) },
    retry: { schema: shape({ times: { title: "Times" } }) },
} as unknown as Catalogue
const WAIT = { id: "w", kind: "wait", name: "An hour", settings: { length: "1 hour" } }
const EDGE: Edge = { from: "w", port: "time_out", to: "end" }
const FLOW: Definition = {
    triggers: [{ id: "t", kind: "event", event_type: "sign-in" }],
    goals: [{ id: "bought", name: "Bought" }],
    notes: [{ id: "n", text: "Ask Ada" }],
    nodes: [WAIT, { id: "end", kind: "end" }],
    edges: [EDGE],
}

/** Say each conflict: where it is, what is mine, and what is theirs. */
function told(mine: Partial<Definition>, theirs: Partial<Definition>): string[][] {
    const [one, other] = [{ ...FLOW, ...mine } as Definition, { ...FLOW, ...theirs } as Definition]
    const words = new ConflictWords([one, other], new ToldKinds(CATALOGUE))
    return merged(FLOW, one, other).conflicts.map((each) => {
        return [words.place(each), words.value(each, each.mine), words.value(each, each.theirs)]
    })
}

const wait = (settings: JsonObject, others: JsonObject = {}) => ({ nodes: [{ ...WAIT, settings, ...others }, { id: "end", kind: "end" }] })

test("settings of nodes are named as their forms name them, and their choices too", () => {
    expect(told(wait({ length: "2 hours", missing: "go_on" }), wait({ length: "3 hours", missing: "x" }))).toEqual([
        ["An hour: How long", "2 hours", "3 hours"],
        ["An hour: If nobody comes", "They go on at once", "x"],
    ])
    expect(told(wait({}, { retry: { times: 1 } }), wait({}, { retry: { times: 2 } }))).toEqual([["An hour: If it fails", "Times: 1", "Times: 2"]])
})

test("what was deleted is told whole", () => {
    expect(told(wait({ length: "2 hours" }), { nodes: [{ id: "end", kind: "end" }], edges: [] })).toEqual([
        ["An hour", "Wait\nName: An hour\nHow long: 2 hours", "Deleted"],
    ])
})

test.each<[Partial<Definition>, Partial<Definition>, string[]]>([
    [
        { triggers: [{ id: "t", kind: "event", event_type: "a" }] },
        { triggers: [{ id: "t", kind: "event", event_type: "b" }] },
        ["Trigger “Event”: Event type", "a", "b"],
    ],
    [
        { goals: [{ id: "bought", name: "Bought", ends_run: false }] },
        { goals: [] },
        ["Goal “Bought”", "Id: bought\nName: Bought\nIt ends the run: No", "Deleted"],
    ],
    [{ entry: { frequency: "once" } }, { entry: { frequency: "interval" } }, ["How often somebody enters: Who was in it", "once", "interval"]],
    [{ quiet_hours: "none" }, { quiet_hours: { from: "21:00", to: "08:00" } }, ["Quiet hours", "None", "From: 21:00\nTo: 08:00"]],
    [{ zone: "Europe/Vienna" }, { zone: "UTC" }, ["Time zone", "Europe/Vienna", "UTC"]],
    [{ notes: [{ id: "n", text: "Ask Ben" }] }, { notes: [{ id: "n", text: "Ask Cleo" }] }, ["Note “Ask Ben”: Text", "Ask Ben", "Ask Cleo"]],
    [
        { edges: [{ ...EDGE, name: "late" }] },
        { edges: [{ ...EDGE, name: "too late" }] },
        ["Connection from An hour to end by “time out”: Name", "late", "too late"],
    ],
])("parts of the flow are named in words: %j, %j", (mine, theirs, expected) => {
    expect(told(mine, theirs)).toEqual([expected])
})
