import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { edgeKey, groupsOf, nodeOf, notesOf, type Definition, type Edge } from "../src/model/definition"
import { drawable } from "../src/model/drawable"
import { extracted, extractionRefusal, readingOutside, type Extracted } from "../src/model/subflow"
import { waysOf } from "../src/model/ways"
import { chanceOf, flow } from "./drawn"
import { kinds } from "./kinds"

const around = { kinds, chance: chanceOf(5) }
const FLOW = { key: "remind", name: "Remind" }
const NONE: ReadonlySet<string> = new Set()
const of = (...ids: string[]): ReadonlySet<string> => new Set(ids)

function graph(nodes: Record<string, string>, ...edges: string[]): Definition {
    return {
        nodes: Object.entries(nodes).map(([id, kind], at) => ({ id, kind, position: { x: 0, y: at * 100 } })),
        edges: edges.map((each): Edge => {
            const [from = "", port = "", to = ""] = each.split(" ")
            return { from, port, to }
        }),
    }
}

const NODES = { s: "start", c: "condition", a: "set-fields", b: "set-fields", w: "wait", e: "end" }
const WAYS = ["s out c", "c true a", "c false b", "a out w", "b out w", "w out e"]
const CART = graph(NODES, ...WAYS)
const keys = ({ edges }: Definition): string[] => edges.map(edgeKey)

/** Put the part back where it was. */
function inlined({ definition, id, part }: Extracted): Definition {
    const begin = part.edges.find((edge) => nodeOf(part, edge.from)?.kind === "start")
    const start = begin?.from
    const onward = definition.edges.find((edge) => edge.from === id)
    const end = onward && part.nodes.at(-1)?.id
    const inside = part.nodes.filter((node) => node.id !== start && node.id !== end)
    const ways = part.edges.filter((edge) => edge !== begin)
    const others = definition.edges.filter((edge) => edge.from !== id)
    return {
        ...definition,
        nodes: [...definition.nodes.filter((node) => node.id !== id), ...inside],
        edges: [
            ...others.map((edge) => (edge.to === id ? { ...edge, to: begin?.to ?? "" } : edge)),
            ...ways.map((edge) => (edge.to === end ? { ...edge, to: onward?.to ?? "" } : edge)),
        ],
    }
}

describe("a part that becomes a flow of its own", () => {
    test("stands between a start and an end, and its flow goes on behind the node that calls it", () => {
        const found = extracted(CART, { nodes: of("c", "a", "b"), notes: NONE }, FLOW, around)
        const { definition, part, id = "" } = found ?? {}
        expect(definition && keys(definition)).toEqual(["w.out -> e", `s.out -> ${id}`, `${id}.out -> w`])
        expect(definition && nodeOf(definition, id)).toMatchObject({
            kind: "sub-flow",
            name: "Remind",
            settings: { flow: "remind" },
            position: { x: 0, y: 100 },
        })
        expect(part && keys(part)).toEqual([
            "start.out -> c",
            "c.true -> a",
            "c.false -> b",
            "a.out -> end",
            "b.out -> end",
        ])
    })

    test("goes by the same quiet hours and clock, and takes its notes and groups along", () => {
        const drawn: Definition = {
            ...CART,
            zone: "Europe/Vienna",
            quiet_hours: "none",
            goals: [{ id: "g" }],
            groups: [{ id: "in", nodes: ["a", "b"] }, { id: "half", nodes: ["c", "w"] }],
            notes: [{ id: "n" }, { id: "other" }],
        }
        const found = extracted(drawn, { nodes: of("c", "a", "b"), notes: of("n") }, FLOW, around)
        expect(found?.part).toMatchObject({ zone: "Europe/Vienna", quiet_hours: "none" })
        expect(found?.part.goals).toBeUndefined()
        expect(found && [groupsOf(found.part), notesOf(found.part)].map((all) => all.map(({ id }) => id))).toEqual([
            ["in"],
            ["n"],
        ])
        expect(found && groupsOf(found.definition)).toEqual([{ id: "half", nodes: ["w"] }])
        expect(found && notesOf(found.definition)).toEqual([{ id: "other" }])
    })

    test("leaves its node in the group in which all of it was", () => {
        const drawn: Definition = { ...CART, groups: [{ id: "g", nodes: ["a", "w"] }] }
        const found = extracted(drawn, { nodes: of("a"), notes: NONE }, FLOW, around)
        expect(found && groupsOf(found.definition)).toEqual([{ id: "g", nodes: ["w", found?.id] }])
    })

    test.each([
        ["nothing", [], "Select the nodes"],
        ["the start", ["s", "c"], "The start stays"],
        ["two ways in", ["a", "b"], "People come in at “Set fields” and “Set fields”"],
        ["two ways on", ["c"], "People go on to “Set fields” and “Set fields”"],
        ["what goes on and ends", ["c", "a"], "Some people end at “Condition”"],
    ])("is refused with %s", (_what, ids, message) => {
        const drawn = _what.startsWith("what") ? graph(NODES, ...WAYS.filter((each) => each !== "c false b")) : CART
        expect(extractionRefusal(drawn, of(...ids), kinds)).toMatch(message)
    })

    test("is refused where branches would come together otherwise", () => {
        const nodes = { s: "start", a: "set-fields", b: "set-fields", j: "join", e: "end" }
        const drawn = graph(nodes, "s out a", "s out b", "a out j", "b out j", "j out e")
        expect(extractionRefusal(drawn, of("j"), kinds)).toMatch("Branches come together in “Join”: select where")
        expect(extractionRefusal(drawn, of("a"), kinds)).toBe("")
        const found = extracted(drawn, { nodes: of("a"), notes: NONE }, FLOW, around)
        expect(found?.definition.edges.at(-1)).toEqual({ from: found?.id, port: "out", to: "j", name: "a" })
        const [end] = graph({ x: "end" }).nodes.map((node) => ({ ...node, settings: { ends: "run" } }))
        const ending = { nodes: [...drawn.nodes, ...(end ? [end] : [])], edges: [{ from: "s", port: "out", to: "x" }] }
        expect(extractionRefusal(ending, of("x"), kinds)).toMatch("“End” ends all branches")
        expect(extractionRefusal(drawn, of("a"), { ...kinds, of: () => undefined })).toMatch("no sub-flows")
    })

    test("may have what a disabled node does not lead on by", () => {
        const drawn = graph({ s: "start", m: "email", w: "wait" }, "s out m", "m out w")
        const disabled = { ...drawn, nodes: drawn.nodes.map((node) => ({ ...node, is_disabled: node.id === "m" })) }
        expect(extractionRefusal(drawn, of("m"), kinds)).toMatch("Some people end")
        expect(extractionRefusal(disabled, of("m"), kinds)).toBe("")
    })

    test("is told what it reads that it will not have", () => {
        const [text, condition] = ["{{ event@properties.total }}", "profile@traits.event"]
        const nodes = [{ id: "a", kind: "email", settings: { text } }, { id: "b", kind: "condition", settings: { condition } }]
        expect(readingOutside({ nodes, edges: [] }, of("a", "b")).map(({ id }) => id)).toEqual(["a"])
    })

    test("is the same flow as before, put back where it was", () => {
        let nExtracted = 0
        fc.assert(
            fc.property(flow, fc.nat(), fc.nat(5), (drawn, number, n) => {
                const first = drawn.nodes[number % drawn.nodes.length]?.id ?? ""
                const ids = new Set([first])
                for (const id of ids) for (const to of waysOf(drawn).get(id) ?? []) if (ids.size < n) ids.add(to)
                if (extractionRefusal(drawn, ids, kinds)) return
                nExtracted += 1
                const found = extracted(drawn, { nodes: ids, notes: NONE }, FLOW, around)
                if (!found) throw new Error("It is not refused, and not done.")
                const again = inlined(found)
                expect(new Set(keys(again))).toEqual(new Set(keys(drawn)))
                const nodes = (each: Definition) => new Map(each.nodes.map((node) => [node.id, node]))
                expect(nodes(again)).toEqual(nodes(drawn))
                expect(drawable(found.definition)).not.toBeNull()
                expect(drawable(found.part)).not.toBeNull()
            }),
            { numRuns: 300 },
        )
        expect(nExtracted).toBeGreaterThan(10)
    })
})
