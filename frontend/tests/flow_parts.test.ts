import { describe, expect, test } from "vitest"
import { partsOf, selectedOf, type Shown } from "../src/canvas/flow_parts"
import { cardSize, fitted } from "../src/canvas/sizes"
import { addedBehind, renamed } from "../src/model/gestures"
import type { Definition } from "../src/model/definition"
import { placedProblems, type Problem } from "../src/model/problems"
import { ToldKinds, type Catalogue, type FullKind } from "../src/server/kinds"
import { KINDS, kinds } from "./kinds"

const told = new ToldKinds({
    nodes: KINDS.map((kind) => {
        const ports = (kinds.portsOf({ id: "", kind: kind.key }) ?? []).map((name) => ({ name, label: `${name}!` }))
        return { ...kind, settings: {}, ports } as unknown as FullKind
    }),
} as unknown as Catalogue)

const FLOW: Definition = {
    nodes: [
        { id: "start", kind: "start", position: { x: 0, y: 0 } },
        { id: "which", kind: "condition", name: "Which?", position: { x: 0, y: 200 } },
        { id: "end", kind: "end", position: { x: 0, y: 400 } },
    ],
    edges: [
        { from: "start", to: "which" },
        { from: "which", port: "true", to: "end" },
    ],
}

function shown(more: Partial<Shown> = {}): Shown {
    return {
        definition: FLOW,
        kinds: told,
        problems: [],
        summaries: new Map(),
        badges: new Map(),
        edgeLabels: new Map(),
        path: [],
        onBadge: null,
        ...more,
    }
}

describe("what is drawn of a definition", () => {
    test("is a card for each node, and a way for each edge", () => {
        const { cards, ways } = partsOf(shown(), null)
        expect(cards.map(({ id, position }) => [id, position.y])).toEqual([
            ["start", 0],
            ["which", 200],
            ["end", 400],
        ])
        expect(ways.map(({ id, source, sourceHandle, target }) => [id, source, sourceHandle, target])).toEqual([
            ["start.out -> which", "start", "out", "which"],
            ["which.true -> end", "which", "true", "end"],
        ])
        expect(cards[1]?.data.ports).toEqual([
            { name: "true", label: "true!", isUsed: true },
            { name: "false", label: "false!", isUsed: false },
        ])
    })

    test("is the same object where nothing has changed", () => {
        const before = partsOf(shown(), null)
        const again = partsOf(shown(), before)
        expect(again.cards.every((card, at) => card === before.cards[at])).toBe(true)
        expect(again.ways.every((way, at) => way === before.ways[at])).toBe(true)
        const after = partsOf(shown({ definition: renamed(FLOW, "which", "Who?") }), before)
        expect(after.cards.map((card, at) => card === before.cards[at])).toEqual([true, false, true])
        const selection = { nodes: new Set(["end"]), edges: new Set(["start.out -> which"]), notes: new Set<string>(), groups: new Set<string>() }
        const selected = selectedOf(before, selection, null)
        expect(selected.cards.map((card, at) => card === before.cards[at])).toEqual([true, true, false])
        expect(selected.ways.map((way, at) => way === before.ways[at])).toEqual([false, true])
        const still = selectedOf(again, selection, selected)
        expect(still.cards.every((card, at) => card === selected.cards[at])).toBe(true)
    })

    test("has marks, figures and the way of a person", () => {
        const problem = { edge: "", trigger: "", field: "", is_warning: false }
        const problems: Problem[] = [
            { ...problem, node: "which", message: "No condition." },
            { ...problem, node: "", edge: "which.true -> end", message: "Odd.", is_warning: true },
        ]
        const { cards, ways } = partsOf(
            shown({
                problems: placedProblems(problems, FLOW),
                badges: new Map([["end", [{ text: "3", tone: "good", title: "3 ended" }]]]),
                edgeLabels: new Map([["start.out -> which", { text: "9", title: "9 went" }]]),
                path: [
                    { node: "start", port: "out" },
                    { node: "which", port: "" },
                ],
            }),
            null,
        )
        expect(cards.map((card) => card.data.mark?.text)).toEqual([undefined, "No condition.", undefined])
        expect(cards.map((card) => card.data.isOnPath)).toEqual([true, true, false])
        expect(cards[2]?.data.badges).toEqual([{ text: "3", tone: "good", title: "3 ended" }])
        expect(ways.map((way) => [way.data?.label, way.data?.mark?.isWarning, way.data?.isOnPath])).toEqual([
            ["9", undefined, true],
            ["", true, false],
        ])
    })
})

describe("a new node", () => {
    test("stands below its port, and what comes after it makes room", () => {
        const node = { id: "new", kind: "wait", settings: {} }
        const added = addedBehind(FLOW, node, "which", "true", told)
        const found = added && fitted(added, "new", told)
        const places = new Map(found?.nodes.map(({ id, position }) => [id, position]))
        const bottom = 200 + cardSize(["true", "false"]).height
        expect(places.get("new")?.y).toBeGreaterThan(bottom)
        expect(places.get("end")?.y).toBeGreaterThan((places.get("new")?.y ?? 0) + cardSize(["out"]).height)
        expect(places.get("start")).toEqual({ x: 0, y: 0 })
    })

    test("stands beside what is there already", () => {
        const one = addedBehind(FLOW, { id: "one", kind: "end" }, "which", "false", told)
        const found = one && fitted(one, "one", told)
        const place = found?.nodes.find(({ id }) => id === "one")?.position
        const overlaps = found?.nodes.some(({ id, position }) => {
            const [dx, dy] = [(position?.x ?? 0) - (place?.x ?? 0), (position?.y ?? 0) - (place?.y ?? 0)]
            return id !== "one" && Math.abs(dx) < 220 && Math.abs(dy) < 66
        })
        expect(overlaps).toBe(false)
    })
})
