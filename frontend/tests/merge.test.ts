import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { differs, groupsOf, nodeOf, notesOf, textOf, type Definition } from "../src/model/definition"
import { drawable } from "../src/model/drawable"
import * as gestures from "../src/model/gestures"
import type { JsonObject } from "../src/model/json"
import * as places from "../src/model/places"
import * as groups from "../src/model/groups"
import * as notes from "../src/model/notes"
import { merged, nameOf, type Choice } from "../src/model/merge"
import { EMPTY, deeds, done, flow } from "./drawn"

const sides = fc.tuple(flow, deeds(6), deeds(6)).map(([base, one, other]): [Definition, Definition, Definition] => {
    return [base, one.reduce(done, base), other.reduce(done, base)]
})
const unplaced = (definition: Definition): Definition => ({
    ...definition,
    nodes: definition.nodes.map(({ position: _position, ...node }) => node),
    notes: notesOf(definition).map(({ position: _position, size: _size, ...note }) => note),
})
const named = (name: string): Definition => gestures.renamed(EMPTY, "end", name)

describe("what two people made of one draft", () => {
    test("is what one of them made, where the other did nothing", () => {
        fc.assert(
            fc.property(sides, ([base, mine]) => {
                for (const found of [merged(base, mine, base), merged(base, base, mine), merged(base, mine, mine)]) {
                    expect(textOf(found.definition)).toBe(textOf(mine))
                    expect(found.conflicts).toEqual([])
                }
            }),
        )
    })

    test("is the same whoever is called mine, where nobody has to choose", () => {
        fc.assert(
            fc.property(sides, ([base, mine, theirs]) => {
                const [one, other] = [merged(base, mine, theirs), merged(base, theirs, mine)]
                expect(one.conflicts.map(({ path }) => path)).toEqual(other.conflicts.map(({ path }) => path))
                if (one.conflicts.length) return
                expect(differs(unplaced(one.definition), unplaced(other.definition))).toBe(false)
            }),
            { numRuns: 300 },
        )
    })

    test("has all choices as they were made, and then asks nothing more", () => {
        fc.assert(
            fc.property(sides, fc.constantFrom<Choice>("mine", "theirs"), ([base, mine, theirs], choice) => {
                const asked = merged(base, mine, theirs).conflicts
                const choices = new Map(asked.map(({ path }) => [nameOf(path), choice]))
                expect(merged(base, mine, theirs, { choices }).conflicts).toEqual([])
            }),
        )
    })

    test("leads no edge to a node that is gone", () => {
        fc.assert(
            fc.property(sides, ([base, mine, theirs]) => {
                const { definition } = merged(base, mine, theirs)
                const ids = new Set(definition.nodes.map((node) => node.id))
                expect(definition.edges.filter(({ from, to }) => !ids.has(from) || !ids.has(to))).toEqual([])
            }),
        )
    })

    test("has groups of nodes that are there, each in one alone", () => {
        fc.assert(
            fc.property(sides, ([base, mine, theirs]) => {
                const { definition } = merged(base, mine, theirs)
                const inGroups = groupsOf(definition).flatMap((group) => group.nodes)
                expect(new Set(inGroups).size).toBe(inGroups.length)
                expect(inGroups.filter((id) => !nodeOf(definition, id))).toEqual([])
                expect(groupsOf(definition).filter((group) => !group.nodes.length)).toEqual([])
            }),
        )
    })

    test("has the notes of both, and asks where both wrote on one", () => {
        const base = notes.noteAdded(EMPTY, { id: "n", text: "Old" })
        const mine = notes.noteAdded(notes.noteChanged(base, "n", { color: "red" }), { id: "mine" })
        const theirs = notes.noteChanged(notes.noteAdded(base, { id: "theirs" }), "n", { text: "New" })
        const found = merged(base, mine, theirs)
        expect(found.conflicts).toEqual([])
        expect(notesOf(found.definition)).toEqual([
            { id: "n", text: "New", color: "red" },
            { id: "mine" },
            { id: "theirs" },
        ])
        const asked = merged(base, notes.noteChanged(base, "n", { text: "Mine" }), theirs).conflicts
        expect(asked.map(({ path }) => path)).toEqual([["notes", "n", "text"]])
        const moved = notes.notesPlaced(base, new Map([["n", { x: 9, y: 9 }]]))
        const gone = notes.notesRemoved(base, new Set(["n"]))
        expect(notesOf(merged(base, moved, gone).definition)).toEqual([])
        expect(merged(base, gone, theirs).conflicts.map(({ path }) => path)).toEqual([["notes", "n"]])
    })

    test("has in groups whom either has put there, and asks nobody", () => {
        const wide = gestures.added(gestures.added(EMPTY, { id: "a", kind: "wait" }), { id: "b", kind: "wait" })
        const base: Definition = { ...wide, groups: [{ id: "g", nodes: ["start", "end"] }] }
        const [mine, theirs] = [
            groups.groupLeft(groups.groupJoined(base, "g", new Set(["a"])), new Set(["start"])),
            groups.groupChanged(groups.groupJoined(base, "g", new Set(["b"])), "g", { name: "All" }),
        ]
        const found = merged(base, mine, theirs)
        expect(found.conflicts).toEqual([])
        expect(groupsOf(found.definition)).toEqual([{ id: "g", name: "All", nodes: ["a", "b", "end"] }])
        const [one, other] = ["x", "y"].map((id) => ({ ...wide, groups: [{ id, nodes: ["a"] }] }))
        const both = one && other && merged(wide, other, one).definition
        expect(both && groupsOf(both)).toEqual([{ id: "x", nodes: ["a"] }])
    })

    test("keeps a group with all who were in it where one took it away and the other named it", () => {
        const base: Definition = { ...EMPTY, groups: [{ id: "g", nodes: ["start", "end"] }] }
        const theirs = groups.groupChanged(base, "g", { name: "All" })
        const found = merged(base, groups.ungrouped(base, new Set(["g"])), theirs)
        expect(found.conflicts.map(({ path }) => path)).toEqual([["groups", "g"]])
        expect(groupsOf(found.definition)).toEqual([{ id: "g", name: "All", nodes: ["end", "start"] }])
    })

    test("tells exits apart by their ids", () => {
        const of = (...types: string[]) => gestures.option(EMPTY, "exits", types.map((event_type) => ({ event_type })))
        const base = drawable(of("sale", "leave"))
        const mine = base && gestures.option(base, "exits", [{ ...base.exits?.[0], condition: "event@x = 1" }])
        const theirs = base && gestures.option(base, "exits", [...(base.exits ?? []), { id: "new", event_type: "quit" }])
        const found = base && mine && theirs && merged(base, mine, theirs)
        expect(found?.conflicts).toEqual([])
        expect(found?.definition.exits).toEqual([
            { id: "exit-1", event_type: "sale", condition: "event@x = 1" },
            { id: "new", event_type: "quit" },
        ])
    })

    test("has both, where they changed other settings of one node", () => {
        const mine = gestures.setting(EMPTY, "end", "a", 1)
        const theirs = gestures.renamed(gestures.setting(EMPTY, "end", "b", 2), "end", "Bye")
        const found = merged(EMPTY, mine, theirs)
        expect(found.conflicts).toEqual([])
        expect(nodeOf(found.definition, "end")).toMatchObject({ name: "Bye", settings: { a: 1, b: 2 } })
    })

    test("asks where both changed one thing", () => {
        const found = merged(EMPTY, named("Bye"), named("The end"))
        const path = ["nodes", "end", "name"]
        expect(found.conflicts).toEqual([{ path, base: undefined, mine: "Bye", theirs: "The end" }])
        expect(nodeOf(found.definition, "end")?.name).toBe("Bye")
        const choices = new Map([[nameOf(path), "theirs" as const]])
        const { definition } = merged(EMPTY, named("Bye"), named("The end"), { choices })
        expect(nodeOf(definition, "end")?.name).toBe("The end")
    })

    test("asks where one deleted what the other changed, or leads to, and keeps it so long", () => {
        const gone = gestures.removed(EMPTY, new Set(["end"]))
        const changed = merged(EMPTY, gone, named("Bye"))
        expect(changed.conflicts.map(({ path }) => path)).toEqual([["nodes", "end"]])
        expect(nodeOf(changed.definition, "end")?.name).toBe("Bye")
        const wait = gestures.added(EMPTY, { id: "w", kind: "wait" })
        const led = merged(EMPTY, gestures.connected(wait, { from: "w", to: "end" }), gone)
        expect(led.conflicts.map(({ path }) => path)).toEqual([["nodes", "end"]])
        const choices = new Map([[nameOf(["nodes", "end"]), "theirs" as const]])
        const { definition } = merged(EMPTY, gestures.connected(wait, { from: "w", to: "end" }), gone, { choices })
        expect(definition.nodes.map((node) => node.id)).toEqual(["start", "w"])
        expect(definition.edges).toEqual([])
    })

    test("deletes what the other has only moved", () => {
        const moved = places.placed(EMPTY, new Map([["end", { x: 50, y: 50 }]]))
        const found = merged(EMPTY, gestures.removed(EMPTY, new Set(["end"])), moved)
        expect(found.conflicts).toEqual([])
        expect(found.definition.nodes.map((node) => node.id)).toEqual(["start"])
    })

    test("asks for the order of triggers, which counts, where both have changed it", () => {
        const of = (...ids: string[]): Definition => {
            return { ...EMPTY, triggers: ids.map((id) => ({ id, kind: "manual" as const })) }
        }
        expect(merged(of("a", "b", "c"), of("b", "a", "c"), of("a", "b")).conflicts).toEqual([])
        const found = merged(of("a", "b", "c"), of("b", "a", "c"), of("a", "b")).definition
        expect(found.triggers?.map((each) => each.id)).toEqual(["b", "a"])
        const asked = merged(of("a", "b", "c"), of("b", "a", "c"), of("a", "c", "b")).conflicts
        expect(asked.map(({ path }) => path)).toEqual([["triggers", "(order)"]])
    })

    test("takes what I sent myself, and the answer to which was lost, for no change of theirs", () => {
        const [sent, mine] = [named("Bye"), named("Bye now")]
        expect(merged(EMPTY, mine, sent).conflicts).toHaveLength(1)
        const found = merged(EMPTY, mine, sent, { sent })
        expect(found.conflicts).toEqual([])
        expect(textOf(found.definition)).toBe(textOf(mine))
        expect(textOf(merged(EMPTY, EMPTY, sent, { sent }).definition)).toBe(textOf(EMPTY))
        fc.assert(
            fc.property(sides, ([base, one, other]) => {
                const back = merged(base, other, one, { sent: one })
                expect(back.conflicts).toEqual([])
                expect(differs(unplaced(back.definition), unplaced(other))).toBe(false)
            }),
        )
    })
})

test("a setting may be called as what all objects inherit", () => {
    const made = (settings: JsonObject): Definition => ({ nodes: [{ id: "a", kind: "wait", settings }], edges: [] })
    const [base, mine, theirs] = [made({}), made({ constructor: "mine" }), made({ toString: "theirs" })]

    const { definition, conflicts } = merged(base, mine, theirs)

    expect(conflicts).toEqual([])
    expect(definition.nodes[0]?.settings).toEqual({ constructor: "mine", toString: "theirs" })
})
