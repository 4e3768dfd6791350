import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { differs, nodeOf, textOf, type Definition } from "../src/model/definition"
import { DraftKeeper, type Clock, type Kept } from "../src/model/draft_keeper"
import { Away, type Answer, type Loaded, type Server, type SignedOut, type Stored } from "../src/model/draft_server"
import { added, removed, renamed, setting } from "../src/model/gestures"
import type { JsonObject } from "../src/model/json"
import { nameOf, type Choice } from "../src/model/merge"
import { EMPTY } from "./drawn"

class FakeClock implements Clock {
    private at = 0
    private waiting: { at: number; then: () => void }[] = []

    now(): number {
        return this.at
    }

    after(ms: number, then: () => void): () => void {
        const each = { at: this.at + ms, then }
        this.waiting.push(each)
        return () => {
            this.waiting = this.waiting.filter((other) => other !== each)
        }
    }

    async pass(ms: number): Promise<void> {
        const end = this.at + ms
        for (;;) {
            await settled()
            const [next] = this.waiting.filter((each) => each.at <= end).sort((one, other) => one.at - other.at)
            if (!next) break
            this.waiting = this.waiting.filter((each) => each !== next)
            this.at = next.at
            next.then()
        }
        this.at = end
    }
}

/** Let all go on that waits for nothing but its turn. */
async function settled(): Promise<void> {
    for (let n = 0; n < 12; n++) await Promise.resolve()
}

const BEN = { name: "ben", at: "2026-03-01T12:00:00Z" }

const SIGNED_OUT: SignedOut = { is: "signed-out", other: "" }

type Mishap = "none" | "before" | "after" | "signed-out"

/** A server that compares revisions, as ours does, and fails as it is told. */
class FakeServer implements Server {
    document: Definition = EMPTY
    revision = 1
    nSaves = 0
    inFlightOfPage = { n: 0 }
    mostInFlight = 0
    mishaps: Mishap[] = []
    answer: Answer | null = null

    constructor(private readonly clock: FakeClock) {}

    async save(definition: Definition, revision: number): Promise<Answer> {
        this.nSaves += 1
        return this.inFlight(async (mishap) => {
            if (mishap === "signed-out") return SIGNED_OUT
            if (mishap === "before") throw new Error("The network is gone.")
            const answer = this.answer ?? this.store(definition, revision)
            if (mishap === "after") throw new Error("The answer is lost.")
            return answer
        })
    }

    async load(): Promise<Loaded> {
        return this.inFlight(async (mishap) => {
            if (mishap === "signed-out") return SIGNED_OUT
            if (mishap !== "none") throw new Error("The network is gone.")
            return { is: "loaded", stored: this.stored() }
        })
    }

    store(definition: Definition, revision = this.revision): Answer {
        if (revision !== this.revision) return { is: "changed", stored: this.stored() }
        if (differs(definition, this.document)) this.revision += 1
        this.document = JSON.parse(textOf(definition)) as Definition
        return { is: "saved", revision: this.revision }
    }

    private stored(): Stored {
        return { document: JSON.parse(textOf(this.document)) as JsonObject, revision: this.revision, by: BEN }
    }

    private async inFlight<T>(then: (mishap: Mishap) => Promise<T>): Promise<T> {
        const ofPage = this.inFlightOfPage
        ofPage.n += 1
        this.mostInFlight = Math.max(this.mostInFlight, ofPage.n)
        await new Promise<void>((done) => this.clock.after(300, done))
        ofPage.n -= 1
        return then(this.mishaps.shift() ?? "none")
    }
}

class Tab {
    readonly clock: FakeClock
    readonly server: FakeServer
    kept: Kept | null = null
    isFull = false
    journalMs = 0
    brought: ((definition: Definition) => Definition)[] = []
    keeper: DraftKeeper

    constructor(clock = new FakeClock(), server = new FakeServer(clock)) {
        this.clock = clock
        this.server = server
        this.keeper = this.opened()
    }

    /** Load the page: what is left is what the server and the journal have. */
    opened(): DraftKeeper {
        const kept = this.kept && (JSON.parse(JSON.stringify(this.kept)) as Kept)
        const keeper = new DraftKeeper({ definition: this.server.document, revision: this.server.revision, by: BEN }, kept, {
            server: this.server,
            clock: this.clock,
            journal: {
                write: async (each) => {
                    if (this.isFull) throw new Error("There is no room.")
                    this.kept = each
                    if (this.journalMs) await new Promise<void>((done) => this.clock.after(this.journalMs, done))
                },
            },
            onChange: () => {},
            onBrought: (bring) => this.brought.push(bring),
        })
        keeper.open()
        return keeper
    }

    change(change: (definition: Definition) => Definition): void {
        this.keeper.change(change(this.keeper.mine))
    }
}

const named = (name: string) => (each: Definition) => renamed(each, "end", name)
const withNode = (id: string) => (each: Definition) => added(each, { id, kind: "wait" })
const resultOf = (each: Definition) => nodeOf(each, "end")?.settings?.result
const storedName = (tab: Tab): string | undefined => nodeOf(tab.server.document, "end")?.name

describe("a draft", () => {
    test("is saved once within 5 s of the last change, and while somebody goes on typing", async () => {
        const tab = new Tab()
        tab.change(named("A"))
        expect(tab.keeper.status).toEqual({ is: "unsaved" })
        await tab.clock.pass(2_000)
        expect(tab.keeper.status).toEqual({ is: "saved" })
        expect([storedName(tab), tab.server.nSaves, tab.kept]).toEqual(["A", 1, null])
        for (let n = 0; n < 20; n++) {
            tab.change(named(`B${n}`))
            await tab.clock.pass(1_000)
        }
        expect(tab.server.nSaves).toBeGreaterThanOrEqual(4)
        await tab.clock.pass(5_000)
        expect(storedName(tab)).toBe("B19")
    })

    test("is unsaved only where it says something else, and then nothing is sent", async () => {
        const tab = new Tab()
        tab.change((each) => ({ ...each, zone: "" }))
        expect([tab.keeper.status, tab.keeper.isUnsaved]).toEqual([{ is: "saved" }, false])
        tab.change(named("A"))
        tab.change(named(""))
        await tab.clock.pass(60_000)
        expect([tab.keeper.status, tab.server.nSaves]).toEqual([{ is: "saved" }, 0])
    })

    test("waits for the network, longer each time, and goes on at once when it is back", async () => {
        const tab = new Tab()
        tab.server.mishaps = ["before", "before", "before", "before", "before", "before"]
        tab.change(named("A"))
        await tab.clock.pass(20_000)
        expect(tab.keeper.status.is).toBe("offline")
        expect(tab.server.nSaves).toBe(5)
        expect(tab.kept?.mine.nodes[1]?.name).toBe("A")
        tab.server.mishaps = []
        tab.keeper.goOn()
        await tab.clock.pass(400)
        expect([tab.keeper.status, storedName(tab)]).toEqual([{ is: "saved" }, "A"])
    })

    test("waits for whoever has to sign in again", async () => {
        const tab = new Tab()
        tab.server.mishaps = ["signed-out"]
        tab.change(named("A"))
        await tab.clock.pass(2_000)
        expect(tab.keeper.status).toEqual(SIGNED_OUT)
        tab.change(named("B"))
        await tab.clock.pass(1_000)
        expect([tab.keeper.status.is, tab.kept?.mine.nodes[1]?.name]).toEqual(["signed-out", "B"])
        tab.keeper.goOn()
        await tab.clock.pass(3_000)
        expect([tab.keeper.status.is, storedName(tab)]).toEqual(["saved", "B"])
    })

    test("brings in what somebody else has stored, once it is told of another revision", async () => {
        const tab = new Tab()
        tab.server.store(named("theirs")(EMPTY))
        tab.keeper.look(tab.server.revision)
        await tab.clock.pass(400)
        expect([nodeOf(tab.keeper.mine, "end")?.name, tab.keeper.status.is]).toEqual(["theirs", "saved"])
        tab.server.mishaps = ["before"]
        tab.keeper.look(99)
        await tab.clock.pass(400)
        expect([tab.keeper.status.is, tab.keeper.isUnsaved]).toEqual(["saved", false])
    })

    test("knows its own work again where the answer was lost", async () => {
        const tab = new Tab()
        tab.server.mishaps = ["after"]
        tab.change(named("A"))
        await tab.clock.pass(1_900)
        tab.change(named("B"))
        await tab.clock.pass(10_000)
        expect([tab.keeper.status.is, storedName(tab), tab.brought.length]).toEqual(["saved", "B", 0])
    })

    test("takes in what somebody else has changed, and tells the history", async () => {
        const tab = new Tab()
        tab.server.store(setting(EMPTY, "end", "result", 1))
        tab.change(named("A"))
        await tab.clock.pass(5_000)
        expect(nodeOf(tab.server.document, "end")).toMatchObject({ name: "A", settings: { result: 1 } })
        expect(nodeOf(tab.keeper.mine, "end")).toMatchObject({ name: "A", settings: { result: 1 } })
        const [bring] = tab.brought
        expect(bring && textOf(bring(EMPTY))).toBe(textOf(setting(EMPTY, "end", "result", 1)))
    })

    test.each<[Choice, string]>([
        ["mine", "A"],
        ["theirs", "Z"],
    ])("asks where both changed the same, and stores %s", async (choice, name) => {
        const tab = new Tab()
        tab.server.store(named("Z")(EMPTY))
        tab.change(named("A"))
        await tab.clock.pass(5_000)
        expect(tab.keeper.status).toMatchObject({ is: "conflict", conflicts: [{ mine: "A", theirs: "Z" }] })
        expect([storedName(tab), tab.kept?.mine.nodes[1]?.name]).toEqual(["Z", "A"])
        tab.change(withNode("w"))
        tab.keeper.goOn()
        await tab.clock.pass(60_000)
        expect(tab.keeper.status.is).toBe("conflict")
        tab.keeper.resolve(new Map([[nameOf(["nodes", "end", "name"]), choice]]))
        await tab.clock.pass(5_000)
        expect([tab.keeper.status.is, storedName(tab)]).toEqual(["saved", name])
        expect(nodeOf(tab.server.document, "w")).toBeDefined()
    })

    test("is there again after a refresh, whatever was stored meanwhile", async () => {
        const tab = new Tab()
        tab.change(named("A"))
        await settled()
        tab.keeper.close()
        tab.server.store(withNode("theirs")(EMPTY))
        tab.keeper = tab.opened()
        expect(nodeOf(tab.keeper.mine, "end")?.name).toBe("A")
        await tab.clock.pass(5_000)
        expect([storedName(tab), nodeOf(tab.server.document, "theirs")?.kind]).toEqual(["A", "wait"])
    })

    test("is never emptied by mistake", async () => {
        const tab = new Tab()
        tab.change((each) => removed(each, new Set(["start", "end"])))
        await tab.clock.pass(5_000)
        expect([tab.keeper.status, tab.server.nSaves]).toEqual([{ is: "empty" }, 0])
        tab.keeper.confirmEmpty()
        await tab.clock.pass(5_000)
        expect([tab.keeper.status.is, tab.server.document.nodes]).toEqual(["saved", []])
    })

    test("says why it is refused, and is tried again once it was changed", async () => {
        const tab = new Tab()
        tab.server.answer = { is: "refused", message: "It is too large.", mayPass: false }
        tab.change(named("A"))
        await tab.clock.pass(60_000)
        expect([tab.keeper.status, tab.server.nSaves]).toEqual([{ is: "refused", message: "It is too large." }, 1])
        tab.server.answer = null
        tab.change(named("B"))
        await tab.clock.pass(5_000)
        expect([tab.keeper.status.is, storedName(tab)]).toEqual(["saved", "B"])
    })

    test("is tried again by itself where the permission is missing, and at once where somebody asks for it", async () => {
        const tab = new Tab()
        tab.server.answer = { is: "refused", message: "You may not do this.", mayPass: true }
        tab.change(named("A"))
        await tab.clock.pass(5_000)
        expect([tab.keeper.status.is, tab.server.nSaves]).toEqual(["refused", 1])
        await tab.clock.pass(35_000)
        expect([tab.keeper.status.is, tab.server.nSaves]).toEqual(["refused", 2])
        tab.server.answer = null
        tab.keeper.goOn()
        await tab.clock.pass(1_000)
        expect([tab.keeper.status.is, storedName(tab)]).toEqual(["saved", "A"])
    })

    test("asks a server that has no time again, and no sooner than it says", async () => {
        const tab = new Tab()
        const { save } = tab.server
        tab.server.save = () => Promise.reject(new Away("Too many requests.", 20_000))
        tab.change(named("A"))
        await tab.clock.pass(2_000)
        expect(tab.keeper.status).toMatchObject({ is: "offline", retryAt: 21_500 })
        tab.server.save = save
        await tab.clock.pass(18_000)
        expect(tab.server.nSaves).toBe(0)
        await tab.clock.pass(3_000)
        expect([tab.keeper.status.is, storedName(tab)]).toEqual(["saved", "A"])
    })

    test("saves nothing while somebody else is signed in, and says who", async () => {
        const tab = new Tab()
        const other: SignedOut = { is: "signed-out", other: "ben is signed in now." }
        tab.server.answer = other
        tab.change(named("A"))
        await tab.clock.pass(5_000)
        expect([tab.keeper.status, tab.kept?.mine.nodes[1]?.name]).toEqual([other, "A"])
        tab.server.answer = null
        await tab.clock.pass(35_000)
        expect([tab.keeper.status.is, storedName(tab)]).toEqual(["saved", "A"])
    })

    test("needs no second request to know who was quicker, and what they say", async () => {
        const tab = new Tab()
        tab.server.store(named("B")(EMPTY))
        tab.server.load = () => Promise.reject(new Error("Nobody asks for it."))
        tab.change(named("A"))
        await tab.clock.pass(5_000)
        expect(tab.keeper.status).toMatchObject({ is: "conflict", by: BEN, conflicts: [{ mine: "A", theirs: "B" }] })
    })

    test("says that somebody is signed out, or the flow is gone, before anything is to be saved", async () => {
        const tab = new Tab()
        tab.keeper.miss(SIGNED_OUT)
        expect(tab.keeper.status).toEqual(SIGNED_OUT)
        tab.keeper.look(tab.server.revision)
        await tab.clock.pass(1_000)
        expect(tab.keeper.status).toEqual({ is: "saved" })
        tab.keeper.miss({ is: "gone" })
        expect(tab.keeper.status).toEqual({ is: "gone" })
    })

    test("stays in the journal where the flow is gone, or what is stored cannot be drawn", async () => {
        const tab = new Tab()
        tab.server.answer = { is: "gone" }
        tab.change(named("A"))
        await tab.clock.pass(60_000)
        tab.change(named("B"))
        tab.keeper.goOn()
        await tab.clock.pass(60_000)
        expect([tab.keeper.status, tab.server.nSaves, tab.kept?.mine.nodes[1]?.name]).toEqual([{ is: "gone" }, 1, "B"])
        const other = new Tab()
        other.server.store({ ...EMPTY, edges: [...EMPTY.edges, ...EMPTY.edges] })
        other.server.revision += 1
        other.change(named("A"))
        await other.clock.pass(60_000)
        expect([other.keeper.status, other.kept?.mine.nodes[1]?.name]).toEqual([{ is: "undrawable", by: BEN }, "A"])
    })

    test("is in the journal when the page goes, however slow that is, and the latest alone while it stays", async () => {
        const tab = new Tab()
        await settled()
        tab.journalMs = 400
        for (const name of ["A", "B", "C"]) tab.change(named(name))
        expect(tab.kept?.mine.nodes[1]?.name).toBe("A")
        await tab.clock.pass(1_000)
        expect(tab.kept?.mine.nodes[1]?.name).toBe("C")
        tab.change(named("D"))
        tab.change(named("E"))
        tab.change(named("F"))
        expect(tab.kept?.mine.nodes[1]?.name).toBe("D")
        tab.keeper.hurry()
        expect(tab.kept?.mine.nodes[1]?.name).toBe("F")
    })

    test("says so where the journal has no room", async () => {
        const tab = new Tab()
        tab.isFull = true
        tab.change(named("A"))
        await settled()
        expect(tab.keeper.isJournalled).toBe(false)
        await tab.clock.pass(5_000)
        expect([tab.keeper.status.is, tab.keeper.isJournalled, storedName(tab)]).toEqual(["saved", true, "A"])
    })
})

type Happening = { readonly is: string; readonly ms: number; readonly mishaps: Mishap[] }

const happening: fc.Arbitrary<Happening> = fc.record({
    is: fc.constantFrom("typed", "added", "theirs typed", "theirs added", "refreshed", "asked", "mishaps", "time"),
    ms: fc.nat(9_000),
    mishaps: fc.array(fc.constantFrom<Mishap>("none", "before", "after", "signed-out"), { maxLength: 4 }),
})

describe("whatever happens", () => {
    test("nothing is lost, and one save is in flight at most", async () => {
        await fc.assert(
            fc.asyncProperty(fc.array(happening, { maxLength: 40 }), async (all) => {
                const tab = new Tab()
                const added = new Set<string>()
                let typed: string | null = null
                for (const [at, { is, ms, mishaps }] of all.entries()) {
                    const id = `${is.replace(" ", "-")}-${at}`
                    if (is.endsWith("added")) added.add(id)
                    if (is === "typed") {
                        typed = id
                        tab.change((before) => setting(before, "end", "result", id))
                    } else if (is === "added") tab.change(withNode(id))
                    else if (is === "theirs added") tab.server.store(withNode(id)(tab.server.document))
                    else if (is === "theirs typed") {
                        if (resultOf(tab.server.document) === typed) typed = null // they have seen it
                        tab.server.store(setting(tab.server.document, "end", "result", id))
                    } else if (is === "refreshed") {
                        await settled()
                        tab.keeper.close()
                        tab.server.inFlightOfPage = { n: 0 }
                        tab.keeper = tab.opened()
                    } else if (is === "asked") tab.keeper.goOn()
                    else if (is === "mishaps") tab.server.mishaps = [...mishaps]
                    else await tab.clock.pass(ms)
                }
                tab.server.mishaps = []
                for (let n = 0; n < 9 && tab.keeper.status.is !== "saved"; n++) {
                    await tab.clock.pass(100_000)
                    if (tab.keeper.status.is !== "conflict") continue
                    const mine = tab.keeper.status.conflicts.map(({ path }): [string, Choice] => [nameOf(path), "mine"])
                    tab.keeper.resolve(new Map(mine))
                }
                expect(tab.keeper.status).toEqual({ is: "saved" })
                expect(tab.kept).toBeNull()
                const ids = tab.server.document.nodes.map((node) => node.id)
                expect([...added].filter((id) => !ids.includes(id))).toEqual([])
                if (typed !== null) expect(resultOf(tab.server.document)).toBe(typed)
                expect(tab.server.mostInFlight).toBeLessThanOrEqual(1)
            }),
            { numRuns: 300 },
        )
    })
})
