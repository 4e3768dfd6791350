import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { copied, pasted } from "../src/model/clipboard"
import { edgeKey, nodeOf, positionOf, textOf, type Definition, type Edge } from "../src/model/definition"
import * as gestures from "../src/model/gestures"
import * as places from "../src/model/places"
import { laidOut } from "../src/model/layout"
import { waysOf, reachable } from "../src/model/ways"
import { EMPTY, chanceOf, deed, done, flow, shapeOf, size } from "./drawn"
import { kinds } from "./kinds"

const chance = chanceOf(1)
const HERE = { x: 0, y: 0 }

function graph(nodes: Record<string, string>, ...edges: string[]): Definition {
    return {
        nodes: Object.entries(nodes).map(([id, kind]) => ({ id, kind })),
        edges: edges.map((each): Edge => {
            const [from = "", port = "", to = ""] = each.split(" ")
            return { from, port, to }
        }),
    }
}

const keys = (definition: Definition): string[] => definition.edges.map(edgeKey)

describe("gestures", () => {
    test("leave what they were given alone", () => {
        fc.assert(
            fc.property(flow, deed, (before, gesture) => {
                const text = JSON.stringify(before)
                done(before, gesture)
                expect(JSON.stringify(before)).toBe(text)
            }),
        )
    })

    test("leave no edge that leads nowhere, no two of an id, and no circle without a wait", () => {
        fc.assert(
            fc.property(flow, (drawn) => {
                const ids = drawn.nodes.map((node) => node.id)
                expect(new Set(ids).size).toBe(ids.length)
                expect(new Set(keys(drawn)).size).toBe(drawn.edges.length)
                expect(drawn.edges.filter((edge) => !ids.includes(edge.from) || !ids.includes(edge.to))).toEqual([])
                const ways = waysOf(drawn)
                const isWait = (id: string): boolean => kinds.of(nodeOf(drawn, id)?.kind ?? "")?.is_wait ?? false
                for (const id of ids.filter((each) => !isWait(each))) {
                    const after = reachable(ways, ways.get(id) ?? [], isWait)
                    expect(after.has(id)).toBe(false)
                }
            }),
        )
    })

    test("let edges follow a port that a setting names otherwise now", () => {
        const settings = { cases: [{ port: "rich", condition: "x" }, { port: "poor", condition: "x" }] }
        const bare = graph({ start: "start", s: "switch", one: "end", other: "end" }, "s rich one", "s poor other")
        const before = gestures.withSettings(bare, "s", settings, kinds)
        const named = { cases: [{ port: "wealthy", condition: "x" }, { port: "poor", condition: "y" }] }
        const after = gestures.withSettings(before, "s", named, kinds)
        expect(keys(after)).toEqual(["s.wealthy -> one", "s.poor -> other"])
        expect(gestures.withSettings(after, "s", named, kinds)).toBe(after)
    })

    test("put a node on an edge, and a join goes on to know it by its name", () => {
        const before = graph({ start: "start", both: "join" }, "start out both")
        const node = gestures.made(before, "condition", HERE, chance)
        const [edge] = before.edges
        const after = edge && gestures.addedOnEdge(before, node, edge, kinds)
        expect(after?.edges).toEqual([
            { from: "start", port: "out", to: node.id },
            { from: node.id, port: "true", to: "both", name: "start" },
        ])
        expect(edge && gestures.addedOnEdge(before, { ...node, kind: "end" }, edge, kinds)).toBeNull()
    })

    test("put a node behind a port, before all to which that led, and below", () => {
        const before = graph({ start: "start", a: "email", b: "end" }, "start out a", "start out b")
        const after = gestures.addedBehind(before, { id: "w", kind: "wait" }, "start", "out", kinds)
        expect(after && keys(after)).toEqual(["start.out -> w", "w.out -> a", "w.out -> b"])
        expect(after && nodeOf(after, "w")?.position).toEqual({ x: 0, y: 120 })
        expect(gestures.addedBehind(before, { id: "e", kind: "end" }, "start", "out", kinds)).toBeNull()
        const open = gestures.addedBehind(before, { id: "e", kind: "end" }, "a", "capped", kinds)
        expect(open && keys(open)).toContain("a.capped -> e")
    })

    test.each([
        ["a port that there is not", "c out e", "The node c has no port out. It has true, false."],
        ["the start", "c true s", "Nothing leads back to the start."],
        ["a circle", "f out c", "People would go in a circle without end: let them wait on the way."],
        ["itself", "f out f", "People would go in a circle without end: let them wait on the way."],
        ["what is there", "c false f", "This edge is there already."],
        ["nowhere", "c true x", "There is no node x."],
        ["an end", "e out f", "The node e has no port out. Nothing leads on from it."],
    ])("refuse to connect with %s", (_what, edge, message) => {
        const before = graph({ s: "start", c: "condition", f: "set-fields", e: "end" }, "s out c", "c false f")
        const [drawn] = graph({}, edge).edges
        expect(drawn && gestures.refusal(before, drawn, kinds)).toBe(message)
    })

    test("let people go round where they wait, and fork where branches meet in a join or end", () => {
        const nodes = { s: "start", w: "wait", a: "set-fields", b: "set-fields", d: "set-fields", j: "join", e: "end" }
        const before = graph(nodes, "s out a", "a out w", "w out d", "s out b")
        const ask = (from: string, port: string, to: string): string => {
            return gestures.refusal(before, { from, port, to }, kinds)
        }
        expect(ask("w", "error", "a")).toBe("")
        expect(ask("b", "out", "j")).toBe("")
        expect(ask("b", "out", "e")).toBe("")
        expect(ask("b", "out", "d")).toMatch("Let them meet in a join.")
        expect(ask("s", "out", "w")).toMatch("Let them meet in a join.")
    })

    test("delete, and offer to close the gap by the usual ports", () => {
        const nodes = { s: "start", m: "email", w: "wait", e: "end", x: "end" }
        const before = graph(nodes, "s out m", "m out w", "m refused x", "w out e")
        expect(keys(gestures.removed(before, new Set(["m"])))).toEqual(["w.out -> e"])
        expect(gestures.healing(before, new Set(["m"]), kinds).map(edgeKey)).toEqual(["s.out -> w"])
        expect(keys(gestures.removedAndHealed(before, new Set(["m", "w"]), kinds))).toEqual(["s.out -> e"])
    })

    test("rename, set and retry what they name alone", () => {
        const set = gestures.setting(EMPTY, "end", "result", { a: 1 })
        expect(nodeOf(set, "end")?.settings).toEqual({ result: { a: 1 } })
        expect(nodeOf(set, "start")).toBe(nodeOf(EMPTY, "start"))
        expect(gestures.setting(set, "end", "result", { a: 1 })).toBe(set)
        expect(textOf(gestures.setting(set, "end", "result", undefined))).toBe(textOf(EMPTY))
        expect(gestures.onError(EMPTY, "end", "fail")).toBe(EMPTY)
        expect(gestures.retried(EMPTY, "end", {})).toBe(EMPTY)
        const before = graph({ s: "switch", a: "end" }, "s gold a", "s else a")
        expect(keys(gestures.portRenamed(before, "s", "gold", "best"))).toEqual(["s.best -> a", "s.else -> a"])
        expect(keys(gestures.portRenamed(before, "s", "gold", "else"))).toEqual(["s.else -> a"])
    })

    test("align and distribute", () => {
        const wide: places.SizeOf = (id) => ({ width: id === "a" ? 100 : 20, height: 10 })
        const all = new Set(["a", "b", "c"])
        const at = new Map([
            ["a", { x: 0, y: 0 }],
            ["b", { x: 110, y: 5 }],
            ["c", { x: 280, y: 90 }],
        ])
        const drawn = places.placed(graph({ a: "end", b: "end", c: "end" }), at)
        const xs = (definition: Definition): unknown[] => definition.nodes.map((node) => node.position?.x ?? 0)
        expect(xs(places.aligned(drawn, all, "left", wide))).toEqual([0, 0, 0])
        expect(xs(places.aligned(drawn, all, "right", wide))).toEqual([200, 280, 280])
        expect(xs(places.aligned(drawn, all, "center", wide))).toEqual([100, 140, 140])
        expect(xs(places.distributed(drawn, all, "across", wide))).toEqual([0, 180, 280])
        expect(places.aligned(drawn, new Set(["a"]), "left", wide)).toBe(drawn)
    })
})

describe("copy and paste", () => {
    test("keep what was copied as it was, and add no id that there is", () => {
        fc.assert(
            fc.property(flow, flow, fc.nat(), (from, into, number) => {
                const ids = new Set(from.nodes.map((node) => node.id))
                const found = pasted(into, copied(from, ids), HERE, kinds, chanceOf(number))
                const nodes = from.nodes.filter((node) => node.kind !== "start")
                expect(found === null).toBe(nodes.length === 0)
                if (!found) return
                const there = new Set(nodes.map((node) => node.id))
                const edges = from.edges.filter((edge) => there.has(edge.from) && there.has(edge.to))
                const added = found.definition.nodes.slice(into.nodes.length)
                const drawn = { nodes: added, edges: found.definition.edges.slice(into.edges.length) }
                const [one, other] = [stored(drawn), stored({ nodes, edges })]
                expect(shapeOf(one.nodes, one.edges)).toEqual(shapeOf(other.nodes, other.edges))
                expect(new Set(found.definition.nodes.map((node) => node.id)).size).toBe(found.definition.nodes.length)
                expect(found.ids).toEqual(new Set(added.map((node) => node.id)))
            }),
        )
    })

    test("keep an id that is free, and the name by which a join knows a way", () => {
        const before = graph({ prices: "set-fields", both: "join" }, "prices out both")
        const text = copied(before, new Set(["prices", "both"]))
        const cut = pasted({ nodes: [], edges: [] }, text, HERE, kinds, chance)
        expect(cut?.definition.edges).toEqual([{ from: "prices", to: "both" }])
        const again = pasted(before, text, HERE, kinds, chance)
        expect(again?.definition.edges[1]).toMatchObject({ name: "prices" })
        expect(again?.definition.edges[1]?.from).toMatch(/^prices-[a-z2-9]{5}$/)
    })

    const FORMAT = '"format": "cdp-flow-nodes-1"'
    const WRONG = ["", "hello", "{}", `{${FORMAT}, "nodes": []}`, `{${FORMAT}, "nodes": 1}`]
    test.each(WRONG)("take %j for nothing", (text) => {
        expect(pasted(EMPTY, text, HERE, kinds, chance)).toBeNull()
    })
})

describe("the layout", () => {
    test("places nodes whose ids all objects inherit", () => {
        const nodes: Definition["nodes"] = ["constructor", "__proto__", "toString"].map((id) => ({ id, kind: "wait" }))
        const edges = [{ from: "constructor", to: "__proto__" }, { from: "__proto__", to: "toString" }]
        const found = laidOut({ nodes, edges, groups: [{ id: "valueOf", nodes: ["__proto__"] }] }, size, kinds)

        expect(new Set(found.nodes.map((node) => positionOf(node).y)).size).toBe(3)
    })

    test("is the same each time, wherever nodes were, and changes nothing else", () => {
        fc.assert(
            fc.property(flow, fc.nat(500), (drawn, by) => {
                const ids = new Set(drawn.nodes.map((node) => node.id))
                const one = laidOut(drawn, size, kinds)
                const other = laidOut(places.shifted(drawn, ids, { x: by, y: -by }), size, kinds)
                expect(textOf(other)).toBe(textOf(one))
                const without = (each: Definition) => each.nodes.map(({ position: _position, ...rest }) => rest)
                expect(without(one)).toEqual(without(drawn))
                expect(one.edges).toBe(drawn.edges)
                const all = one.nodes.map(({ position }) => `${position?.x} ${position?.y}`)
                expect(new Set(all).size).toBe(all.length)
            }),
            { numRuns: 25 },
        )
    })

    test("puts no node on another, and what follows below", () => {
        const nodes = { s: "start", c: "condition", a: "wait", b: "end" }
        const drawn = laidOut(graph(nodes, "s out c", "c true a", "c false b"), size, kinds)
        const at = (id: string) => nodeOf(drawn, id)?.position ?? {}
        expect(at("s").y ?? 0).toBeLessThan(at("c").y ?? 0)
        expect(at("a").y).toBe(at("b").y)
        expect((at("b").x ?? 0) - (at("a").x ?? 0)).toBeGreaterThanOrEqual(220)
    })
})

/** Without what is so anyhow, and where it stands. */
function stored(drawn: Definition): Definition {
    const found = JSON.parse(textOf(drawn)) as Definition
    return { nodes: found.nodes, edges: found.edges.map((edge) => ({ ...edge, port: edge.port ?? "out" })) }
}
