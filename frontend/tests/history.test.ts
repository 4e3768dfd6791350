import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { textOf, type Definition } from "../src/model/definition"
import { begun, closed, noted, rebased, redone, undone, type History } from "../src/model/history"
import { merged } from "../src/model/merge"
import { option, renamed } from "../src/model/gestures"
import { placed } from "../src/model/places"
import { EMPTY, deed, done, flow } from "./drawn"

function times(n: number, history: History, step: (each: History) => History): History {
    return Array.from({ length: n }).reduce<History>(step, history)
}

describe("undo and redo", () => {
    test("of 200 gestures return the first and the last graph exactly", () => {
        const all = fc.array(deed, { minLength: 200, maxLength: 200 })
        fc.assert(
            fc.property(flow, all, (first, gestures) => {
                const history = gestures.reduce(
                    (each, gesture, at) => noted(each, done(each.present, gesture), { label: `${at}` }, at),
                    begun(first),
                )
                const back = times(200, history, undone)
                expect(back.present).toBe(first)
                expect(textOf(times(200, back, redone).present)).toBe(textOf(history.present))
                expect(times(200, back, redone).present).toBe(history.present)
            }),
            { numRuns: 10 },
        )
    })

    test("of any steps leads through the same graphs", () => {
        fc.assert(
            fc.property(fc.array(fc.option(deed, { freq: 2 }), { maxLength: 60 }), (steps) => {
                let history = begun(EMPTY)
                const seen = [EMPTY]
                for (const [at, step] of steps.entries()) {
                    const before = history
                    history = step ? noted(history, done(history.present, step), { label: "" }, at) : undone(history)
                    if (step && history !== before) seen.splice(before.past.length + 1, seen.length, history.present)
                    expect(history.present).toBe(seen[history.past.length])
                }
            }),
        )
    })

    test("takes a drag, and a text that is typed, as one gesture", () => {
        let history = begun(EMPTY)
        for (const x of [10, 20, 30]) {
            const moved = placed(history.present, new Map([["end", { x, y: 0 }]]))
            history = noted(history, moved, { label: "Move", key: "drag:1" }, x * 1000)
        }
        for (const [at, name] of ["G", "Go", "Gon", "Gone"].entries()) {
            const named = renamed(history.present, "end", name)
            history = noted(history, named, { label: "Rename", key: "name:end", pauseMs: 2000 }, 40_000 + at * 500)
        }
        expect(history.past.map((step) => step.label)).toEqual(["Move", "Rename"])
        const typing = { label: "Rename", key: "name:end", pauseMs: 2000 }
        const again = renamed(history.present, "end", "G")
        const later = noted(history, again, typing, 60_000)
        expect(later.past).toHaveLength(3)
        const left = noted(closed(history), again, typing, 42_000)
        expect(left.past).toHaveLength(3)
    })

    test("takes what goes back to where it began as nothing", () => {
        const key = "drag:1"
        const away = placed(EMPTY, new Map([["end", { x: 50, y: 0 }]]))
        const history = noted(begun(EMPTY), away, { label: "Move", key }, 0)
        const back = noted(history, placed(away, new Map([["end", { x: 0, y: 0 }]])), { label: "Move", key }, 1)
        expect(back.past).toEqual([])
        expect(back.present).toBe(EMPTY)
    })

    test("takes back one's own gestures, and not what somebody else has changed meanwhile", () => {
        const mine = noted(begun(EMPTY), renamed(EMPTY, "end", "Bye"), { label: "Rename" }, 0)
        const theirs = option(EMPTY, "zone", "Europe/Vienna")
        const both = rebased(mine, (each) => merged(EMPTY, each, theirs).definition)
        expect(both.present).toMatchObject({ zone: "Europe/Vienna" })
        expect(both.present.nodes[1]).toMatchObject({ name: "Bye" })
        expect(textOf(undone(both).present)).toBe(textOf(theirs))
    })

    test("still leads to both ends where somebody else has changed something meanwhile", () => {
        const steps = fc.array(deed, { maxLength: 20 })
        fc.assert(
            fc.property(flow, steps, deed, (first, gestures, other) => {
                const theirs = done(first, other)
                const bring = (each: Definition): Definition => merged(first, each, theirs).definition
                const mine = gestures.reduce(
                    (each, gesture, at) => noted(each, done(each.present, gesture), { label: `${at}` }, at),
                    begun(first),
                )
                const both = rebased(mine, bring)
                const back = times(gestures.length, both, undone)
                expect(textOf(back.present)).toBe(textOf(theirs))
                expect(textOf(times(gestures.length, back, redone).present)).toBe(textOf(bring(mine.present)))
            }),
        )
    })
})
