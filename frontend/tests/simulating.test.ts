// What is shown of a simulation: which one, and some of the people.

import { expect, test } from "vitest"
import type { Definition } from "../src/model/definition"
import { drawnOf, samplesOf, worthShowing, type Sample, type Simulation, type SimulationLine } from "../src/simulating/figures"

const FLOW: Definition = {
    nodes: [
        { id: "start", kind: "start" },
        { id: "constructor", kind: "wait" },
        { id: "end", kind: "end" },
    ],
    edges: [
        { from: "start", port: "out", to: "constructor" },
        { from: "constructor", port: "out", to: "end" },
    ],
}
const INTO = "start.out -> constructor"
const OUT_OF = "constructor.out -> end"

function somebody(profile_id: string, more: Partial<Sample> = {}): Sample {
    return { profile_id, who: "", event_type: "visit", entered_at: "2026-03-01T12:00:00Z", at: "", ...more }
}

function found(samples: Simulation["samples"], more: Partial<Simulation> = {}): Simulation {
    return { samples, samples_waiting: {}, samples_failed: {}, nodes: {}, edges: {}, ...more } as Simulation
}

function line(id: string, status: SimulationLine["status"]): SimulationLine {
    return { id, status } as SimulationLine
}

test("of a node those are shown who came to it, and of the start who left it", () => {
    const told = found({ [INTO]: [somebody("ada")], [OUT_OF]: [somebody("ben")] })
    const at = (node: string) => samplesOf(told, FLOW, { node }).map((each) => each.profile_id)

    expect(at("constructor")).toEqual(["ada"])
    expect(at("end")).toEqual(["ben"])
    expect(at("start")).toEqual(["ada"])
})

test("whoever failed at a node is shown once, with the reason", () => {
    const failed = somebody("ada", { reason: "It was refused." })
    const told = found({ [INTO]: [somebody("ada"), somebody("ben")] }, { samples_failed: { constructor: [failed] } })

    expect(samplesOf(told, FLOW, { node: "constructor" })).toEqual([failed, somebody("ben")])
})

test("an id that all objects inherit is the id of a node like any other", () => {
    const told = found({})

    expect(samplesOf(told, FLOW, { node: "constructor" })).toEqual([])
    expect(samplesOf(told, FLOW, { edge: "toString" })).toEqual([])
    expect(drawnOf(told, FLOW).badges.size).toBe(0)
})

test("whoever comes sees what goes on, or else what came to its end last", () => {
    expect(worthShowing([line("b", "cancelled"), line("a", "running"), line("c", "done")])?.id).toBe("a")
    expect(worthShowing([line("b", "failed"), line("d", "done"), line("c", "done")])?.id).toBe("d")
    expect(worthShowing([line("b", "failed")])).toBeNull()
})
