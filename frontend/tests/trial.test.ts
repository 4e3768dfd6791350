import { expect, test } from "vitest"
import { badgesOf, ofWho, pinnedInWords, repinned, unpinned, withTrial, type Trial, type Tried } from "../src/trying/trial"

const PIN = { node: "ask", visit: 1, port: "true", output: null }
const TRIAL: Trial = { profile: { name: "Sam" }, pins: [PIN] }
const TRIED = { end: "finished" } as Tried
const DEFINITION = { nodes: [], edges: [] }

test("who tries it on somebody else takes nothing for granted, and is told nothing of others", () => {
    const trying = { trial: TRIAL, tried: TRIED, triedOf: DEFINITION }
    expect(withTrial(trying, { ...TRIAL, node: "ask" })).toEqual({ ...trying, trial: { ...TRIAL, node: "ask" } })
    expect(withTrial(trying, ofWho(TRIAL, "event", DEFINITION))).toEqual({ trial: { event_id: "" }, tried: null, triedOf: null })
    const run = { ...trying, trial: { run_id: "1", pins: [PIN] } }
    expect(withTrial(run, { run_id: "2", pins: [PIN] })).toEqual({ trial: { run_id: "2" }, tried: null, triedOf: null })
})

test("what is pinned is said, takes another port, and is taken out", () => {
    expect(pinnedInWords(TRIAL, (id) => (id === "ask" ? "Condition" : id))).toBe("Pinned: Condition")
    expect(badgesOf(TRIAL, ({ port = "" }) => port).get("ask")).toEqual([{ text: "pinned", tone: "warning", title: "Pinned: true" }])
    expect(repinned(TRIAL, PIN, "false").pins).toEqual([{ ...PIN, port: "false" }])
    expect(unpinned(TRIAL, PIN).pins).toEqual([])
})
