// What the drawing shows of the figures that the server counts.

import { expect, test } from "vitest"
import { drawnOf, type Live, type NodeFigures } from "../src/live/figures"
import { EMPTY } from "./drawn"

function figures(of: Partial<NodeFigures> = {}): NodeFigures {
    return { entered: 1200, waiting: 0, left: {}, failed: 0, median_secs: null, ...of }
}

function live(nodes: Live["nodes"]): Live {
    return {
        ...{ version: 1, current_version: 1, at: "", n_inside: 0, n_elsewhere: 0, endings: {}, goals: null, variants: [] },
        ...{ nodes, edges: { "start.out -> end": 1200 }, is_too_slow: false, is_partial: false },
    }
}

test("a node shows who came, is there, failed, and how long half of them stayed", () => {
    const { badges, edgeLabels } = drawnOf(live({ start: figures({ waiting: 3, failed: 2, median_secs: 90 }) }), EMPTY, new Map())

    expect(badges.get("start")?.map((each) => each.text)).toEqual(["1,200", "3 here", "2 failed", "1 min 30 s"])
    expect(edgeLabels.get("start.out -> end")?.text).toBe("1,200")
})

test("what has not changed is the same object, so that it is not drawn again", () => {
    const before = drawnOf(live({ start: figures(), end: figures() }), EMPTY, new Map()).badges
    const after = drawnOf(live({ start: figures(), end: figures({ entered: 1201 }) }), EMPTY, before).badges

    expect(after.get("start")).toBe(before.get("start"))
    expect(after.get("end")).not.toBe(before.get("end"))
})

test("where counting takes too long nothing is shown on nodes", () => {
    expect(drawnOf(live(null), EMPTY, new Map()).badges.size).toBe(0)
})
