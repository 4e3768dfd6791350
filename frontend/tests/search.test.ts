import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { foundKinds, foundNodes, rowsOf } from "../src/model/search"
import type { Definition } from "../src/model/definition"
import { flow } from "./drawn"
import { KINDS, kinds } from "./kinds"

const found = (wanted: string): string[] => foundKinds(wanted, KINDS).map((kind) => kind.key)

describe("the palette", () => {
    test.each([
        ["", KINDS.map((kind) => kind.key)],
        ["wait", ["wait"]],
        ["sleep", ["wait"]],
        ["e-mail", ["email"]],
        ["mail", ["email"]],
        ["E mail", ["email"]],
        ["set fi", ["set-fields"]],
        ["fields set", ["set-fields"]],
        ["copy data", ["set-fields"]],
        ["cond", ["condition", "switch", "email"]],
        ["start", ["start"]],
        ["giraffe", []],
        ["wait giraffe", []],
    ])("finds by %j", (wanted, keys) => {
        expect(found(wanted)).toEqual(keys)
    })

    test("finds each kind first by its title, and by its key", () => {
        for (const kind of KINDS) {
            expect(found(kind.title)[0]).toBe(kind.key)
            expect(found(kind.key)[0]).toBe(kind.key)
        }
    })

    test("knows letters with accents by those without", () => {
        const [first] = KINDS
        expect(first && foundKinds("cafe", [{ ...first, title: "Café" }])).toHaveLength(1)
    })
})

const CART: Definition = {
    nodes: [
        { id: "end", kind: "end" },
        { id: "lost", kind: "wait", name: "Nobody" },
        { id: "remind", kind: "email", settings: { subject: "Your cart" } },
        { id: "start", kind: "start" },
        { id: "asks", kind: "condition", name: "Has bought?" },
    ],
    edges: [
        { from: "start", to: "asks" },
        { from: "asks", port: "true", to: "end" },
        { from: "asks", port: "false", to: "remind" },
        { from: "remind", to: "asks" },
        { from: "remind", port: "former", to: "gone" },
    ],
}

describe("the list", () => {
    test("goes as people do, and says where each port leads", () => {
        const rows = rowsOf(CART, kinds)
        expect(rows.map((row) => [row.step, row.title])).toEqual([
            [1, "Start"],
            [2, "Has bought?"],
            [3, "End"],
            [3, "E-mail"],
            [null, "Nobody"],
        ])
        expect(rows[1]).toEqual({
            id: "asks",
            title: "Has bought?",
            kind: "condition",
            step: 2,
            from: [
                { id: "start", title: "Start" },
                { id: "remind", title: "E-mail" },
            ],
            leads: [
                { port: "true", to: [{ id: "end", title: "End" }] },
                { port: "false", to: [{ id: "remind", title: "E-mail" }] },
            ],
        })
        expect(rows[3]?.leads).toContainEqual({ port: "capped", to: [] })
        expect(rows[3]?.leads).toContainEqual({ port: "former", to: [{ id: "gone", title: "gone" }] })
    })

    test("has each node once, and each edge", () => {
        fc.assert(
            fc.property(flow, (drawn) => {
                const rows = rowsOf(drawn, kinds)
                expect(rows.map((row) => row.id).sort()).toEqual(drawn.nodes.map((node) => node.id).sort())
                const ways = rows.flatMap((row) => row.leads.flatMap(({ to }) => to))
                expect(ways).toHaveLength(drawn.edges.length)
            }),
        )
    })

    test("is searched by names, kinds and settings", () => {
        const ids = (wanted: string): string[] => foundNodes(wanted, CART, kinds).map((node) => node.id)
        expect(ids("cart")).toEqual(["remind"])
        expect(ids("bought")).toEqual(["asks"])
        expect(ids("e-mail your")).toEqual(["remind"])
        expect(ids("")).toEqual([])
    })
})
