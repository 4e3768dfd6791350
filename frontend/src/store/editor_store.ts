// What the editor shows, and the only way to change it: gestures of the model become steps of the history, and the
// keeper saves what they made.

import { edgeKey, nodeOf, noteOf, type Definition } from "../model/definition"
import { DraftKeeper, type Clock, type Draft, type Journal, type Kept, type Status } from "../model/draft_keeper"
import type { Server } from "../model/draft_server"
import { groupById } from "../model/groups"
import { excessOf } from "../model/limits"
import { begun, closed, noted, rebased, redone, undone, type Gesture, type History } from "../model/history"
import type { Placed } from "../model/problems"
import type { ToldKinds } from "../server/kinds"
import type { Trying } from "../trying/trial"

/** What is selected: ids of nodes, notes and groups, and keys of edges. */
export interface Selection {
    readonly nodes: ReadonlySet<string>
    readonly edges: ReadonlySet<string>
    readonly notes: ReadonlySet<string>
    readonly groups: ReadonlySet<string>
}

/** What the editor is used for: it is drawn, or figures are shown on a version that nobody changes. */
export type Mode = "draw" | "try" | "simulate" | "live" | "versions"

export type Tone = "plain" | "good" | "warning" | "danger"

/** A figure on the card of a node. */
export interface Badge {
    readonly text: string
    readonly tone: Tone
    /** The same in whole words. */
    readonly title: string
}

/** What a mode shows on the drawing. */
export interface Figures {
    /** By the ids of nodes. */
    readonly badges: ReadonlyMap<string, readonly Badge[]>
    /** By the keys of edges: in place of the names of their ports. */
    readonly edgeLabels: ReadonlyMap<string, { readonly text: string; readonly title: string }>
    /** The way of one person: each node, and the port by which they left it; empty where they are still there. */
    readonly path: readonly { readonly node: string; readonly port: string }[]
    /** What a click on a figure of a node does. */
    readonly onBadge: ((id: string) => void) | null
}

const NO_FIGURES: Figures = { badges: new Map(), edgeLabels: new Map(), path: [], onBadge: null }

/** Which version people enter, if any was published, and whether they do. */
export interface Standing {
    readonly version: number | null
    readonly state: "on" | "off" | "paused"
}

export interface State extends Figures {
    readonly definition: Definition
    readonly history: History
    readonly selection: Selection
    readonly status: Status
    /** Whether what is not saved is at least in the journal of this browser. */
    readonly isJournalled: boolean
    readonly isUnsaved: boolean
    /** As the server had it last; null: it was not heard yet. */
    readonly standing: Standing | null
    readonly kinds: ToldKinds
    readonly problems: readonly Placed[]
    /** The node that was added just now, for as long as nothing is said of its fields. */
    readonly fresh: string | null
    /** What nodes do, in a few words, by their ids. */
    readonly summaries: ReadonlyMap<string, string>
    readonly mode: Mode
    /** A definition that is looked at instead of the draft: a version, or that of a run. */
    readonly shown: Definition | null
    readonly trying: Trying | null
    /** The simulation that is shown, and of which definition it is; null: the server alone knows. */
    readonly simulating: { readonly id: string; readonly of: Definition | null } | null
    /** Whether somebody chooses between what they and somebody else have made of it. */
    readonly isMerging: boolean
    /** What was done last, in words, for those who do not see it. */
    readonly said: string
    /** Why the last gesture was not done: shown for a while; another object each time. */
    readonly refused: { readonly reason: string } | null
    /** What the drawing, or the list, shall bring into view; another object each time that it is asked for. */
    readonly revealed: { readonly id: string } | null
}

export interface Around {
    readonly server: Server
    readonly journal: Journal
    readonly clock: Clock
}

const FRESH_MS = 5_000
const NOTHING: Selection = { nodes: new Set(), edges: new Set(), notes: new Set(), groups: new Set() }

export class EditorStore {
    state: State
    readonly keeper: DraftKeeper
    /** Give places to the nodes of a definition that has none: the drawing knows where it shows them. */
    arrange: (definition: Definition) => Definition = (definition) => definition
    private readonly listeners = new Set<() => void>()

    constructor(
        draft: Draft,
        kept: Kept | null,
        kinds: ToldKinds,
        readonly mayChange: boolean,
        private readonly around: Around,
    ) {
        const { server, journal, clock } = around
        this.keeper = new DraftKeeper(draft, kept, {
            server,
            journal,
            clock,
            onChange: () => this.kept(),
            onBrought: (bring, made) => {
                const history = rebased(this.state.history, bring)
                this.set({ history: noted(history, made, { label: "Choose what is to stay" }, clock.now()) })
            },
        })
        const { mine, status, isJournalled, isUnsaved } = this.keeper
        this.state = {
            definition: mine,
            history: begun(mine),
            selection: NOTHING,
            status,
            isJournalled,
            isUnsaved,
            standing: null,
            kinds,
            problems: [],
            fresh: null,
            summaries: new Map(),
            mode: "draw",
            shown: null,
            trying: null,
            simulating: null,
            isMerging: false,
            said: "",
            refused: null,
            revealed: null,
            ...NO_FIGURES,
        }
        this.keeper.open()
    }

    // --- Telling ---

    readonly subscribe = (listener: () => void): (() => void) => {
        this.listeners.add(listener)
        return () => this.listeners.delete(listener)
    }

    /** Show something else; the draft itself is changed by `act`. */
    set(change: Partial<Omit<State, "definition">>): void {
        this.state = { ...this.state, ...change, definition: change.history?.present ?? this.state.definition }
        for (const listener of this.listeners) listener()
    }

    /** Go to a mode: the draft is shown, without figures, until the mode shows others. */
    enter(mode: Mode): void {
        this.set({ mode, shown: null, ...NO_FIGURES })
    }

    /** Show something on the drawing for as long as a mode lasts: what comes too late is not shown. */
    draw(mode: Mode, shown: Partial<Figures & Pick<State, "shown">>): void {
        if (this.state.mode === mode) this.set(shown)
    }

    /** Say what was done to those who do not see it. */
    say(said: string): void {
        this.set({ said })
    }

    /** Say why something is not done, to all. */
    refuse(reason: string): void {
        this.set({ said: reason, refused: { reason } })
    }

    // --- Changing ---

    /** Whether gestures change anything now. */
    get isEditable(): boolean {
        return this.mayChange && this.state.shown === null && this.state.status.is !== "gone"
    }

    /** Do a gesture, and note it as one step of the history: `make` returns another definition, or null to refuse.
     *
     * What would be more than a flow may have is not done, and said.
     */
    act(gesture: Gesture, make: (definition: Definition) => Definition | null): boolean {
        if (!this.isEditable) return false
        const arranged = this.arrange(this.state.definition)
        const made = make(arranged)
        if (made === null || made === arranged) return false
        const excess = excessOf(made, arranged)
        if (excess) {
            this.refuse(excess)
            return false
        }
        this.go(noted(this.state.history, made, gesture, this.around.clock.now()))
        return true
    }

    /** End a gesture that goes on: the pointer was let go, the field was left. */
    endGesture(): void {
        this.set({ history: closed(this.state.history) })
    }

    undo(): void {
        const label = this.state.history.past.at(-1)?.label
        if (label === undefined || !this.isEditable) return
        this.go(undone(this.state.history))
        this.say(`Undone: ${label}`)
    }

    redo(): void {
        const label = this.state.history.future.at(-1)?.label
        if (label === undefined || !this.isEditable) return
        this.go(redone(this.state.history))
        this.say(`Done again: ${label}`)
    }

    private go(history: History): void {
        this.set({ history, selection: there(this.state.selection, history.present) })
        this.keeper.change(history.present)
    }

    private kept(): void {
        const { status, isJournalled, isUnsaved, mine } = this.keeper
        const { history } = this.state
        // What others have changed comes in by no gesture of one's own.
        const present = mine === history.present ? history : { ...history, present: mine, open: null }
        this.set({ status, isJournalled, isUnsaved, history: present })
    }

    // --- Selecting ---

    select(selection: Partial<Selection>): void {
        this.set({ selection: { ...NOTHING, ...selection } })
        const { fresh } = this.state
        if (fresh !== null && !this.state.selection.nodes.has(fresh)) this.settle(fresh)
    }

    /** Say nothing of the fields of a node that was added and selected just now, until it was left, or for a while. */
    begin(id: string): void {
        this.set({ fresh: id })
        setTimeout(() => this.settle(id), FRESH_MS)
    }

    private settle(id: string): void {
        if (this.state.fresh === id) this.set({ fresh: null })
    }

    /** Select a node, or an edge by its key, and bring it into view. */
    reveal(id: string): void {
        const isNode = nodeOf(this.state.shown ?? this.state.definition, id) !== undefined
        const selection = isNode ? { nodes: new Set([id]) } : { edges: new Set([id]) }
        this.select(selection)
        this.settle(id)
        this.set({ revealed: { id } })
    }
}

/** Return what is still there of a selection. */
function there(selection: Selection, definition: Definition): Selection {
    const edges = new Set(definition.edges.map(edgeKey))
    return {
        nodes: new Set([...selection.nodes].filter((id) => nodeOf(definition, id))),
        edges: new Set([...selection.edges].filter((key) => edges.has(key))),
        notes: new Set([...selection.notes].filter((id) => noteOf(definition, id))),
        groups: new Set([...selection.groups].filter((id) => groupById(definition, id))),
    }
}
