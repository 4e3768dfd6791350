import { expect, test } from "vitest"
import { lanePath, lanesOf } from "../src/canvas/lanes"
import type { Definition } from "../src/model/definition"
import { kinds } from "./kinds"

const at = (id: string, x: number, y: number, kind = "wait") => ({ id, kind, position: { x, y } })

const STACK: Definition = {
    nodes: [at("a", 0, 0), at("b", 0, 200), at("c", 0, 400), at("far", 800, 200)],
    edges: [
        { from: "a", to: "b" },
        { from: "a", port: "error", to: "c" },
        { from: "b", to: "c" },
        { from: "c", to: "a" },
        { from: "b", port: "error", to: "b" },
    ],
}

test("an edge takes a lane where a card is in its way, and only there", () => {
    const lanes = lanesOf(STACK, kinds)
    expect([...lanes.keys()].sort()).toEqual(["a.error -> c", "b.error -> b", "c.out -> a"])
})

test("a lane is beside all cards on its way, and no two are the same", () => {
    const lanes = [...lanesOf(STACK, kinds).values()]
    expect(lanes.every((x) => x < 0 || (x > 220 && x < 800))).toBe(true)
    expect(new Set(lanes).size).toBe(lanes.length)
})

test("a path by a lane begins and ends at its nodes", () => {
    const [path, x] = lanePath({ x: 0, y: 0 }, { x: 10, y: 100 }, 50)
    expect(path.startsWith("M0,0")).toBe(true)
    expect(path.endsWith("L10,100")).toBe(true)
    expect(x).toBe(50)
})
