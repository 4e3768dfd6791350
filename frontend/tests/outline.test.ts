import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Definition } from "../src/model/definition"
import { besideOf, firstOf, lastOf, nextOf, notesTold, outlineOf, previousOf } from "../src/model/outline"
import { placedProblems } from "../src/model/problems"
import { reachable, waysOf } from "../src/model/ways"
import { flow } from "./drawn"
import { kinds } from "./kinds"

const CART: Definition = {
    nodes: [
        { id: "end", kind: "end", position: { x: 0, y: 400 } },
        { id: "lost", kind: "wait", name: "Nobody", position: { x: 900, y: 0 } },
        { id: "remind", kind: "email", name: "Offer", position: { x: 300, y: 400 } },
        { id: "start", kind: "start" },
        { id: "asks", kind: "condition", position: { x: 0, y: 200 }, is_disabled: true },
    ],
    edges: [
        { from: "start", to: "asks" },
        { from: "asks", port: "false", to: "remind" },
        { from: "asks", port: "true", to: "end" },
    ],
    groups: [{ id: "g", name: "Who pays", nodes: ["asks", "end"] }],
    notes: [
        { id: "below", text: "Ask Anna.", position: { x: 320, y: 420 } },
        { id: "above", position: { x: -100, y: 0 } },
    ],
}
const PROBLEMS = placedProblems(
    [false, true, true].map((is_warning) => {
        return { message: "So.", node: "asks", edge: "", trigger: "", field: "", is_warning }
    }),
    CART,
)

describe("the outline", () => {
    test("tells of each node what it is, where it is, and where it leads", () => {
        const items = outlineOf(CART, kinds, PROBLEMS)
        expect(items.map((item) => item.label)).toEqual([
            "Start, Step 1 of 3",
            "Condition, Step 2 of 3, disabled, in the group Who pays, 1 problem, 2 warnings",
            "End, Step 3 of 3, in the group Who pays",
            "E-mail “Offer”, Step 3 of 3",
            "Wait “Nobody”, Nobody comes here",
        ])
        expect(items[0]?.ports.map(({ text }) => text)).toEqual(["out → Condition"])
        expect(items[1]?.ports.map(({ text }) => text)).toEqual([
            "true → End",
            "false → E-mail “Offer”, where nobody goes as long as it is disabled",
        ])
        expect(items[3]?.ports[1]?.text).toBe("capped → nothing, the way ends")
        expect(items[1]?.problems).toHaveLength(3)
    })

    test("tells of notes from above, each with what is nearest", () => {
        expect(notesTold(CART, kinds).map(({ id, text, near }) => [id, text, near?.title])).toEqual([
            ["above", "", "Start"],
            ["below", "Ask Anna.", "E-mail “Offer”"],
        ])
        expect(notesTold({ ...CART, nodes: [] }, kinds)[0]?.near).toBeNull()
    })

    test("has each node once", () => {
        fc.assert(
            fc.property(flow, (drawn) => {
                const items = outlineOf(drawn, kinds)
                expect(items.map((item) => item.id).sort()).toEqual(drawn.nodes.map((node) => node.id).sort())
                expect([items[0]?.id ?? null, items.at(-1)?.id ?? null]).toEqual([firstOf(drawn), lastOf(drawn)])
            }),
        )
    })
})

describe("the arrow keys", () => {
    test("go along the usual way, back, and from branch to branch", () => {
        expect([firstOf(CART), lastOf(CART)]).toEqual(["start", "lost"])
        expect(nextOf(CART, "start", kinds)).toBe("asks")
        expect(nextOf(CART, "asks", kinds)).toBe("end")
        expect(nextOf(CART, "end", kinds)).toBeNull()
        expect(previousOf(CART, "remind")).toBe("asks")
        expect(previousOf(CART, "start")).toBeNull()
        expect(besideOf(CART, "end", 1, kinds)).toBe("remind")
        expect(besideOf(CART, "end", -1, kinds)).toBeNull()
        expect(besideOf(CART, "remind", -1, kinds)).toBe("end")
        expect(besideOf(CART, "start", 1, kinds)).toBeNull()
    })

    test("go back to where one came from", () => {
        const two: Definition = { ...CART, edges: [...CART.edges, { from: "remind", to: "end" }] }
        expect(previousOf(two, "end")).toBe("asks")
        expect(previousOf(two, "end", "remind")).toBe("remind")
        expect(previousOf(two, "end", "start")).toBe("asks")
    })

    test("lead from the start to all that people come to, and back", () => {
        fc.assert(
            fc.property(flow, (drawn) => {
                const start = drawn.nodes.find((node) => node.kind === "start")?.id
                if (start === undefined) return
                const found = new Set([start])
                for (const id of found) {
                    let next = nextOf(drawn, id, kinds)
                    while (next !== null) {
                        found.add(next)
                        next = besideOf(drawn, next, 1, kinds, id)
                    }
                }
                expect(found).toEqual(reachable(waysOf(drawn), [start]))
                for (const id of found) {
                    let [at, n] = [id, 0]
                    for (let to = previousOf(drawn, at); to !== null && n <= drawn.nodes.length; n++) {
                        at = to
                        to = at === start ? null : previousOf(drawn, at)
                    }
                    expect(at).toBe(start)
                }
            }),
        )
    })
})
