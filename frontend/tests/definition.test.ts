import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { differs, normalised, textOf, type Definition } from "../src/model/definition"
import { drawable } from "../src/model/drawable"
import type { JsonObject } from "../src/model/json"
import { EMPTY, flow } from "./drawn"

const CART: JsonObject = {
    edges: [{ to: "hour", port: "out", from: "start", name: "" }],
    nodes: [
        { kind: "start", id: "start", position: { y: 0, x: 0 }, retry: { times: 0, rest_secs: 60 }, on_error: "fail" },
        { id: "hour", settings: { length: "1 hour", at: null }, name: "", kind: "wait", later: { b: 1, a: [0, -0] } },
    ],
    entry: { frequency: "every", max_live: null, key: "event@properties.order_id" },
    goals: [{ id: "g", event_type: "sale", ends_run: true, within_secs: 60 }],
    triggers: [
        { kind: "event", id: "t", max_age_secs: 86400, condition: "", event_type: "sale" },
        { kind: "toString", id: "u" },
    ],
    quiet_hours: null,
    max_days: 400,
    max_steps: 5,
    unknown_key: { kept: true },
}

function read(document: JsonObject): Definition {
    const found = drawable(document)
    if (!found) throw new Error("It cannot be drawn.")
    return found
}

describe("a definition", () => {
    test("is stored in one order, without what is so anyhow, and with all that is not known here", () => {
        expect(JSON.stringify(normalised(read(CART)))).toBe(
            JSON.stringify({
                triggers: [
                    { id: "t", kind: "event", event_type: "sale" },
                    { id: "u", kind: "toString" },
                ],
                entry: { key: "event@properties.order_id" },
                goals: [{ id: "g", event_type: "sale", within_secs: 60 }],
                nodes: [
                    { id: "start", kind: "start" },
                    { id: "hour", kind: "wait", settings: { at: null, length: "1 hour" }, later: { a: [0, 0], b: 1 } },
                ],
                edges: [{ from: "start", to: "hour" }],
                max_steps: 5,
                unknown_key: { kept: true },
            }),
        )
    })

    test("comes back as the same text", () => {
        const settings = fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true })
        fc.assert(
            fc.property(flow, settings, (drawn, more) => {
                const [first, ...others] = drawn.nodes
                const nodes = first ? [{ ...first, settings: more as JsonObject }, ...others] : []
                const whole = { ...more, ...drawn, nodes }
                const text = textOf(read(whole as JsonObject))
                expect(textOf(read(JSON.parse(text) as JsonObject))).toBe(text)
            }),
        )
    })

    test("differs in what it says alone", () => {
        const { nodes, edges } = EMPTY
        expect(differs(EMPTY, { ...EMPTY, zone: "", nodes: [...nodes].reverse() })).toBe(false)
        expect(differs(EMPTY, { ...EMPTY, edges: edges.map(({ from, to }) => ({ to, from })) })).toBe(false)
        expect(differs(EMPTY, { ...EMPTY, zone: "Europe/Vienna" })).toBe(true)
        expect(differs(EMPTY, { ...EMPTY, edges: [] })).toBe(true)
        const two = [{ id: "a", kind: "manual" as const }, { id: "b", kind: "manual" as const }]
        expect(differs({ ...EMPTY, triggers: two }, { ...EMPTY, triggers: [...two].reverse() })).toBe(true)
    })

    test.each([
        ["nodes that are no list", { nodes: "none" }],
        ["a node without an id", { nodes: [{ kind: "wait" }] }],
        ["two nodes of one id", { nodes: [{ id: "a", kind: "wait" }, { id: "a", kind: "end" }] }],
        ["an edge to nowhere", { edges: [{ from: "a" }] }],
        ["an edge that is there twice", { edges: [{ from: "a", to: "b" }, { from: "a", port: "out", to: "b" }] }],
    ])("cannot be drawn with %s", (_what, document) => {
        expect(drawable(document)).toBeNull()
    })
})
