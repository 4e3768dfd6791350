import { expect, test } from "vitest"
import { placedProblems, problemsOf, problemsOfSetting, withoutFieldsOf, type Place, type Problem } from "../src/model/problems"
import type { Definition } from "../src/model/definition"

const FLOW: Definition = {
    triggers: [{ id: "t1", kind: "event" }],
    nodes: [
        { id: "start", kind: "start" },
        { id: "asks", kind: "switch" },
    ],
    edges: [{ from: "start", to: "asks" }],
}

function problem(place: Partial<Problem>): Problem {
    return { message: "So.", node: "", edge: "", trigger: "", field: "", is_warning: false, ...place }
}

function placeOf(place: Partial<Problem>): Place | undefined {
    return placedProblems([problem(place)], FLOW)[0]?.place
}

const ASKS = { of: "node", id: "asks", field: "", setting: "", port: "" }

test.each([
    [{ node: "asks" }, ASKS],
    [{ node: "asks", field: "settings.url" }, { ...ASKS, field: "settings.url", setting: "url" }],
    [{ node: "asks", field: "retry.times" }, { ...ASKS, field: "retry.times" }],
    [{ node: "asks", field: "else" }, { ...ASKS, field: "else", port: "else" }],
    [{ node: "gone", field: "kind" }, { of: "flow", field: "kind" }],
    [{ edge: "start.out -> asks", field: "to" }, { of: "edge", key: "start.out -> asks", field: "to" }],
    [{ trigger: "t1", field: "event_type" }, { of: "trigger", id: "t1", field: "event_type" }],
    [{ field: "nodes.1.id" }, { ...ASKS, field: "id" }],
    [{ field: "edges.0.port" }, { of: "edge", key: "start.out -> asks", field: "port" }],
    [{ field: "triggers.0" }, { of: "trigger", id: "t1", field: "" }],
    [{ field: "nodes.7.id" }, { of: "flow", field: "nodes.7.id" }],
    [{ field: "nodes" }, { of: "flow", field: "nodes" }],
    [{ field: "goals.0.name" }, { of: "flow", field: "goals.0.name" }],
])("a problem with %j is placed", (given, place) => {
    expect(placeOf(given)).toEqual(place)
})

test("what keeps a flow from being published comes first", () => {
    const found = placedProblems([problem({ is_warning: true }), problem({ field: "zone" })], FLOW)
    expect(found.map((each) => each.problem.field)).toEqual(["zone", ""])
})

test("problems are found by what they are of, and settings have those of what is in them", () => {
    const found = placedProblems(
        [
            problem({ node: "asks", field: "settings.cases" }),
            problem({ node: "asks", field: "settings.cases.1.condition" }),
            problem({ node: "asks", field: "settings.cases_too" }),
            problem({ edge: "start.out -> asks" }),
        ],
        FLOW,
    )
    expect(problemsOf(found, "node", "asks")).toHaveLength(3)
    expect(problemsOf(found, "edge", "start.out -> asks")).toHaveLength(1)
    expect(problemsOf(found, "flow", "")).toEqual([])
    expect(problemsOfSetting(found, "asks", "cases").map((each) => each.problem.field)).toEqual([
        "settings.cases",
        "settings.cases.1.condition",
    ])
})

test("of a new node nothing is said of its fields", () => {
    const fields = [{ node: "asks", field: "settings.url" }, { node: "asks" }, { node: "start", field: "settings.url" }]
    const found = placedProblems(fields.map(problem), FLOW)
    expect(withoutFieldsOf(found, "asks")).toEqual([found[1], found[2]])
    expect(withoutFieldsOf(found, null)).toBe(found)
})
