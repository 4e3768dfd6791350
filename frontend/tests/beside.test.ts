import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { copied, pasted } from "../src/model/clipboard"
import {
    differs,
    groupsOf,
    isDisabled,
    nodeOf,
    noteOf,
    notesOf,
    positionOf,
    textOf,
    type Definition,
} from "../src/model/definition"
import { drawable } from "../src/model/drawable"
import { canBeDisabled, disabled, enabled, toggled } from "../src/model/disabling"
import { addedOnEdge, made, option, removed, renamed } from "../src/model/gestures"
import { frameOf, groupById, groupChanged, grouped, groupJoined, groupLeft, groupOf, ungrouped } from "../src/model/groups"
import { usualPort } from "../src/model/kinds"
import { laidOut } from "../src/model/layout"
import { excessOf } from "../src/model/limits"
import { noteAdded, noteChanged, noteMade, noteSized, notesPlaced, notesRemoved, notesShifted } from "../src/model/notes"
import { groupShifted } from "../src/model/places"
import { foundNotes } from "../src/model/search"
import { EMPTY, chanceOf, flow, size } from "./drawn"
import { kinds } from "./kinds"

const chance = chanceOf(3)
const HERE = { x: 0, y: 0 }
const allNodes = ({ nodes }: Definition): ReadonlySet<string> => new Set(nodes.map(({ id }) => id))
const of = (...ids: string[]): ReadonlySet<string> => new Set(ids)

const WIDE: Definition = {
    nodes: [
        { id: "s", kind: "start" },
        { id: "c", kind: "condition", position: { x: 0, y: 100 } },
        { id: "w", kind: "wait", position: { x: -200, y: 200 } },
        { id: "m", kind: "email", position: { x: 200, y: 200 } },
        { id: "j", kind: "join" },
        { id: "e", kind: "end", position: { x: 0, y: 300 } },
    ],
    edges: [
        { from: "s", to: "c" },
        { from: "c", port: "true", to: "w" },
        { from: "c", port: "false", to: "m" },
        { from: "w", to: "e" },
        { from: "m", to: "e" },
    ],
    groups: [{ id: "g", name: "Pay", nodes: ["c", "w"] }],
    notes: [{ id: "n", text: "Café: ask Anna", position: { x: 300, y: 300 } }],
}

describe("what is disabled", () => {
    test("is neither the start, an end nor a join", () => {
        expect(WIDE.nodes.filter((node) => canBeDisabled(node, kinds)).map(({ id }) => id)).toEqual(["c", "w", "m"])
        const all = disabled(WIDE, of("s", "c", "w", "j", "e"), kinds)
        expect(all.nodes.filter(isDisabled).map(({ id }) => id)).toEqual(["c", "w"])
        expect(disabled(all, of("s", "c"), kinds)).toBe(all)
        expect(textOf(enabled(all, of("c", "w")))).toBe(textOf(WIDE))
        expect(enabled(WIDE, of("c"))).toBe(WIDE)
    })

    test("is enabled again by the same key, once all are", () => {
        const one = toggled(WIDE, of("c"), kinds)
        const both = toggled(one, of("c", "w", "e"), kinds)
        expect(both.nodes.filter(isDisabled).map(({ id }) => id)).toEqual(["c", "w"])
        expect(differs(toggled(both, of("c", "w", "e"), kinds), WIDE)).toBe(false)
        expect(toggled(WIDE, of("e"), kinds)).toBe(WIDE)
    })

    test("is passed by the usual port", () => {
        const port = (id: string) => {
            const node = nodeOf(WIDE, id)
            return node && usualPort(WIDE, node, kinds)
        }
        expect([port("c"), port("w"), port("e")]).toEqual(["true", "out", undefined])
        const unknown: Definition = { nodes: [{ id: "x", kind: "?" }], edges: [{ from: "x", port: "a", to: "x" }] }
        expect(unknown.nodes[0] && usualPort(unknown, unknown.nodes[0], kinds)).toBe("a")
    })
})

describe("groups", () => {
    test("take nodes out of those in which they were, and are gone without any", () => {
        const found = grouped(WIDE, of("w", "m", "nobody"), chance, "Write")
        expect(groupsOf(found).map(({ name, nodes }) => [name, nodes])).toEqual([
            ["Pay", ["c"]],
            ["Write", ["w", "m"]],
        ])
        expect(groupsOf(groupJoined(found, "g", of("w", "m")))).toEqual([{ id: "g", name: "Pay", nodes: ["c", "w", "m"] }])
        expect(groupJoined(found, "g", of("c"))).toBe(found)
        expect(groupJoined(found, "none", of("w"))).toBe(found)
        expect(groupsOf(groupLeft(WIDE, of("c", "w")))).toEqual([])
        expect(groupLeft(WIDE, of("m"))).toBe(WIDE)
        expect(grouped(WIDE, of("nobody"), chance)).toBe(WIDE)
        expect(groupsOf(ungrouped(WIDE, of("g")))).toEqual([])
        expect([groupOf(WIDE, "c")?.id, groupOf(WIDE, "m")]).toEqual(["g", undefined])
    })

    test("are named, coloured and moved", () => {
        const red = groupChanged(WIDE, "g", { name: "Paid", color: "red" })
        expect(groupById(red, "g")).toEqual({ id: "g", name: "Paid", color: "red", nodes: ["c", "w"] })
        expect(groupChanged(red, "g", { color: "red" })).toBe(red)
        const moved = groupShifted(WIDE, "g", { x: 10, y: 20 })
        expect([nodeOf(moved, "c")?.position, nodeOf(moved, "w")?.position]).toEqual([
            { x: 10, y: 120 },
            { x: -190, y: 220 },
        ])
        expect(nodeOf(moved, "m")).toBe(nodeOf(WIDE, "m"))
    })

    test("are drawn around their nodes, with room for the name", () => {
        const [group] = groupsOf(WIDE)
        const frame = group && frameOf(WIDE, group, size)
        expect(frame).toEqual({ x: -220, y: 50, width: 460, height: 250 })
    })

    test("lose what is deleted, and win what is put on an edge between two of them", () => {
        expect(groupsOf(removed(WIDE, of("c")))[0]?.nodes).toEqual(["w"])
        expect(groupsOf(removed(WIDE, of("c", "w")))).toEqual([])
        const node = made(WIDE, "wait", HERE, chance)
        const put = (at: number) => {
            const edge = WIDE.edges[at]
            const found = edge && addedOnEdge(WIDE, node, edge, kinds)
            return found && groupOf(found, node.id)?.id
        }
        expect([put(1), put(2)]).toEqual(["g", undefined])
    })

    test("are drawn apart from what is not in them", () => {
        const found = laidOut({ ...WIDE, groups: [{ id: "g", nodes: ["w"] }] }, size, kinds)
        const [group] = groupsOf(found)
        const frame = group && frameOf(found, group, size)
        const inside = found.nodes.filter(({ position }) => {
            if (!frame || !position) return false
            const [left, top] = [position.x ?? 0, position.y ?? 0]
            return left < frame.x + frame.width && left + 220 > frame.x && top < frame.y + frame.height && top + 80 > frame.y
        })
        expect(inside.map(({ id }) => id)).toEqual(["w"])
        expect(notesOf(found)).toBe(notesOf(WIDE))
    })

    test("hold nodes that there are, each in one, whatever was done", () => {
        fc.assert(
            fc.property(flow, (drawn) => {
                const inGroups = groupsOf(drawn).flatMap((group) => group.nodes)
                expect(new Set(inGroups).size).toBe(inGroups.length)
                expect(inGroups.filter((id) => !nodeOf(drawn, id))).toEqual([])
                expect(groupsOf(drawn).filter((group) => !group.nodes.length)).toEqual([])
                expect(new Set(notesOf(drawn).map(({ id }) => id)).size).toBe(notesOf(drawn).length)
                expect(drawn.nodes.filter((node) => isDisabled(node) && !canBeDisabled(node, kinds))).toEqual([])
                expect(drawable(JSON.parse(textOf(drawn)))).not.toBeNull()
            }),
        )
    })
})

describe("notes", () => {
    test("are written, coloured, moved and deleted", () => {
        const added = noteAdded(WIDE, noteMade(WIDE, { x: 1.4, y: 2 }, chance, "x".repeat(3_000)))
        const note = notesOf(added)[1]
        expect([note?.text?.length, note?.position]).toEqual([2_000, { x: 1, y: 2 }])
        const red = noteChanged(WIDE, "n", { text: "Go", color: "red" })
        expect(noteOf(red, "n")).toMatchObject({ text: "Go", color: "red" })
        expect(noteChanged(WIDE, "n", { text: "Café: ask Anna", color: "yellow" })).toBe(WIDE)
        expect(noteOf(notesShifted(WIDE, of("n"), { x: 5, y: -5 }), "n")?.position).toEqual({ x: 305, y: 295 })
        expect(notesPlaced(WIDE, new Map([["n", { x: 300, y: 300 }]]))).toBe(WIDE)
        expect(notesOf(notesRemoved(WIDE, of("n")))).toEqual([])
        expect(notesRemoved(WIDE, of("m"))).toBe(WIDE)
    })

    test("are as large as may be", () => {
        const large = noteSized(WIDE, "n", { width: 9_000, height: 3 }, { x: 0, y: 0 })
        expect(noteOf(large, "n")).toMatchObject({ size: { width: 4_000, height: 40 }, position: { x: 0, y: 0 } })
        expect(noteSized(WIDE, "n", { width: 240, height: 120 })).toBe(WIDE)
    })

    test("are found by their words, with accents or without", () => {
        expect(foundNotes("anna cafe", WIDE).map(({ id }) => id)).toEqual(["n"])
        expect(foundNotes("ben", WIDE)).toEqual([])
        expect(foundNotes("", WIDE)).toEqual([])
    })
})

describe("copies", () => {
    test("have groups that are whole, and notes", () => {
        const text = copied(WIDE, of("c", "w", "m"), of("n"))
        const found = pasted(WIDE, text, HERE, kinds, chance)
        const [group, copy] = found ? groupsOf(found.definition) : []
        expect(found && notesOf(found.definition)).toHaveLength(2)
        expect(found?.notes.size).toBe(1)
        expect(copy?.name).toBe("Pay")
        expect(copy?.nodes).toHaveLength(2)
        expect(copy?.nodes.every((id) => found?.ids.has(id) && !group?.nodes.includes(id))).toBe(true)
        const half = pasted(EMPTY, copied(WIDE, of("c")), HERE, kinds, chance)
        expect(half && groupsOf(half.definition)).toEqual([])
    })

    test("have all notes, and each group whose nodes are all there, whatever they are pasted into", () => {
        fc.assert(
            fc.property(flow, flow, fc.nat(), (from, into, number) => {
                const [ids, written] = [allNodes(from), new Set(notesOf(from).map(({ id }) => id))]
                const found = pasted(into, copied(from, ids, written), HERE, kinds, chanceOf(number))
                if (!found) return
                const { definition } = found
                const there = new Set(from.nodes.filter((node) => node.kind !== "start").map(({ id }) => id))
                const whole = groupsOf(from).filter((group) => group.nodes.every((id) => there.has(id)))
                expect(notesOf(definition).length).toBe(notesOf(into).length + notesOf(from).length)
                expect(groupsOf(definition).length).toBe(groupsOf(into).length + whole.length)
                expect(drawable(JSON.parse(textOf(definition)))).not.toBeNull()
            }),
        )
    })

    test("are of sizes that can be drawn, at places that can be found", () => {
        const note = { id: "n", position: { x: -1e300, y: 1e300 }, size: { width: -5, height: 1e300 } }
        const found = pasted(EMPTY, copied({ ...EMPTY, notes: [note] }, of(), of("n")), HERE, kinds, chance)
        const [made] = found ? notesOf(found.definition) : []
        expect(made?.size).toEqual({ width: 40, height: 4_000 })
        expect(made && positionOf(made)).toEqual(HERE)
        const endless = copied({ ...EMPTY, notes: [note] }, of(), of("n")).replace("1e+300", "1e999")
        expect(pasted(EMPTY, endless, HERE, kinds, chance)).toBeNull()
    })

    test("may be of notes alone", () => {
        const found = pasted(EMPTY, copied(WIDE, of(), of("n")), { x: 7, y: 7 }, kinds, chance)
        expect(found && notesOf(found.definition)).toEqual([
            { id: "n", text: "Café: ask Anna", position: { x: 7, y: 7 } },
        ])
    })
})

describe("what is done and undone", () => {
    test("is as before: moved there and back, disabled and enabled, grouped and ungrouped", () => {
        fc.assert(
            fc.property(flow, fc.integer({ min: -500, max: 500 }), fc.nat(), (drawn, by, number) => {
                const written = new Set(notesOf(drawn).map(({ id }) => id))
                const there = notesShifted(drawn, written, { x: by, y: -by })
                expect(differs(notesShifted(there, written, { x: -by, y: by }), drawn)).toBe(false)
                const plain = enabled(drawn, allNodes(drawn))
                expect(differs(enabled(disabled(plain, allNodes(plain), kinds), allNodes(plain)), plain)).toBe(false)
                const bare = ungrouped(drawn, new Set(groupsOf(drawn).map(({ id }) => id)))
                const made = grouped(bare, allNodes(bare), chanceOf(number))
                expect(groupsOf(made)).toHaveLength(bare.nodes.length ? 1 : 0)
                expect(differs(ungrouped(made, new Set(groupsOf(made).map(({ id }) => id))), bare)).toBe(false)
            }),
        )
    })
})

describe("a flow", () => {
    const many = (n: number): Definition => ({
        nodes: Array.from({ length: n }, (_, at) => ({ id: `n${at}`, kind: "wait" })),
        edges: [],
    })
    const written = (text: string): Definition => ({ ...EMPTY, notes: [{ id: "n", text }] })

    test("has no more than may be, and what there is too much of is said", () => {
        expect(excessOf(many(500), many(499))).toBe("")
        expect(excessOf(many(3_000), many(500))).toBe("These are 3000 nodes: a flow has 500 at most.")
        expect(excessOf(written("x".repeat(100_000)), EMPTY)).toBe("A note has 2000 characters at most.")
        expect(excessOf(renamed(EMPTY, "end", "x".repeat(121)), EMPTY)).toBe("A name has 120 characters at most.")
    })

    test("that has too much already can be made smaller", () => {
        expect(excessOf(many(501), many(502))).toBe("")
        const long = written("x".repeat(100_000))
        expect(excessOf({ ...long, nodes: [] }, long)).toBe("")
    })
})

describe("a document", () => {
    test.each([
        ["two notes of one id", { notes: [{ id: "n" }, { id: "n" }] }],
        ["a note without an id", { notes: [{ text: "x" }] }],
        ["a note of no colour", { notes: [{ id: "n", color: "pink" }] }],
        ["a note of no size", { notes: [{ id: "n", size: 3 }] }],
        ["a note that never ends", { notes: [{ id: "n", size: { width: Infinity } }] }],
        ["a node that is nowhere", { nodes: [{ id: "a", kind: "wait", position: { x: NaN, y: 0 } }] }],
        ["a group of nothing", { groups: [{ id: "g" }] }],
        ["a node in two groups", { groups: ["g", "h"].map((id) => ({ id, nodes: ["start"] })) }],
        ["a node that is half disabled", { nodes: [{ id: "a", kind: "wait", is_disabled: "half" }] }],
    ])("cannot be drawn with %s", (_what, parts) => {
        expect(drawable({ ...EMPTY, ...parts })).toBeNull()
    })

    test("names exits by their places, and is not different for it", () => {
        const exits = [{ event_type: "a" }, { id: "exit-3", event_type: "b" }, { event_type: "c" }]
        const before = option(EMPTY, "exits", exits)
        const found = drawable(before)
        expect(found?.exits?.map(({ id }) => id)).toEqual(["exit-1", "exit-3", "exit-3-"])
        expect(found && differs(found, before)).toBe(false)
    })

    test("does not differ by the order of notes, groups, and who is in them", () => {
        const groups = [{ id: "h", nodes: ["m"] }, { id: "g", name: "Pay", color: "gray" as const, nodes: ["w", "c"] }]
        const one = { ...WIDE, groups: [...groupsOf(WIDE), { id: "h", nodes: ["m"] }] }
        expect(differs(one, { ...WIDE, groups })).toBe(false)
        expect(differs(one, WIDE)).toBe(true)
        expect(differs(EMPTY, { ...EMPTY, notes: [], groups: [] })).toBe(false)
    })
})
