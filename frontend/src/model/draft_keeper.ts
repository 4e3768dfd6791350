// Keeps a draft: nothing that somebody did is lost, whatever becomes of the network, the sign-in, or the page, and
// nothing that somebody else did is overwritten. What is not saved is in a journal of this browser.

import { differs, START, type Definition } from "./definition"
import { Away, type Answer, type Author, type Server, type SignedOut, type Stored } from "./draft_server"
import { drawable } from "./drawable"
import { merged, type Choice, type Conflict } from "./merge"

/** It is saved when nothing was changed for so long, */
const QUIET_MS = 1_500
/** and while somebody goes on changing it, so long after the first of the changes. */
const LONGEST_MS = 5_000
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 60_000
/** A server may ask for more patience than that, but not for a day of it. */
const LONGEST_ASKED_MS = 10 * 60_000
/** So long after it was refused, or whoever draws was found signed out, it may be another matter. */
const REFUSED_RETRY_MS = 30_000

export interface Clock {
    now(): number
    /** Do something later; what it returns takes that back. */
    after(ms: number, then: () => void): () => void
}

/** What is in the journal of a tab while something is not saved. */
export interface Kept {
    readonly base: Definition
    readonly revision: number
    readonly mine: Definition
    readonly sent: Definition | null
}

/** What is written last is kept in the end, also where it did not wait for what was written before it. */
export interface Journal {
    write(kept: Kept | null): Promise<void>
}

export type Status =
    | { readonly is: "saved" }
    | { readonly is: "unsaved" }
    | { readonly is: "saving" }
    | { readonly is: "offline"; readonly retryAt: number }
    | SignedOut
    /** Both changed the same; `resolve` goes on. */
    | { readonly is: "conflict"; readonly conflicts: readonly Conflict[]; readonly theirs: Definition; readonly by: Author }
    /** Somebody has stored what cannot be drawn. */
    | { readonly is: "undrawable"; readonly by: Author }
    | { readonly is: "refused"; readonly message: string }
    /** All nodes but the start are gone: `confirmEmpty` goes on. */
    | { readonly is: "empty" }
    /** The flow was deleted. */
    | { readonly is: "gone" }

/** A stored draft that can be drawn. */
export interface Draft {
    readonly definition: Definition
    readonly revision: number
    readonly by: Author
}

export interface Surroundings {
    readonly server: Server
    readonly journal: Journal
    readonly clock: Clock
    /** Something is different: what is shown, its status, or whether all of it is in the journal. */
    readonly onChange: () => void
    /** Somebody else's changes have come into the draft, which is now `made`; `bring` brings them into what it was
     * before, where what both have changed stays as it was: what was chosen can be undone. */
    readonly onBrought: (bring: (definition: Definition) => Definition, made: Definition) => void
}

/** What stands in the way until somebody does something. */
const STANDING: readonly Status["is"][] = ["conflict", "undrawable", "gone"]

function isEmpty({ nodes }: Definition): boolean {
    return nodes.every(({ kind }) => kind === START)
}

export class DraftKeeper {
    /** The draft as it is shown. */
    mine: Definition
    status: Status = { is: "saved" }
    /** Whether what is not saved is in the journal. */
    isJournalled = true

    private base: Definition
    private revision: number
    /** What was sent, and nobody knows yet whether it was stored: it is sent until that is known. */
    private sent: Definition | null = null
    private isBusy = false
    private isAtJournal = false
    private isEmptyMeant = false
    private isClosed = false
    private nFailures = 0
    private firstChangeAt: number | null = null
    private cancel: () => void = () => {}
    private waiting: Draft | null = null
    private toKeep: { readonly kept: Kept | null } | null = null

    constructor(
        private readonly draft: Draft,
        kept: Kept | null,
        private readonly around: Surroundings,
    ) {
        this.base = kept?.base ?? draft.definition
        this.mine = kept?.mine ?? draft.definition
        this.sent = kept?.sent ?? null
        this.revision = kept?.revision ?? draft.revision
    }

    /** Begin with what is stored, and what the journal has of this flow. */
    open(): void {
        if (this.revision === this.draft.revision) this.settle()
        else this.meet(this.draft)
    }

    /** Whether the draft says something else than what is stored. */
    get isUnsaved(): boolean {
        return this.sent !== null || differs(this.mine, this.base)
    }

    /** The revision that says what is shown; null while something is not saved. */
    get savedRevision(): number | null {
        return this.isUnsaved ? null : this.revision
    }

    /** Show another draft: a gesture has made it. */
    change(definition: Definition): void {
        if (definition === this.mine) return
        this.mine = definition
        if (!isEmpty(definition)) this.isEmptyMeant = false
        if (this.waiting) this.meet(this.waiting)
        else this.settle()
    }

    /** Save at once: somebody asks for it, the network is back, or somebody has signed in again. */
    goOn(): void {
        const isCalledFor = this.isUnsaved || this.status.is === "signed-out"
        if (isCalledFor && !this.waiting && this.status.is !== "gone") this.attempt()
    }

    /** Bring in what somebody else has stored, where the server has another revision than ours. */
    look(revision: number): void {
        if (this.status.is === "signed-out") this.goOn()
        if (revision === this.revision || this.isBusy || this.isUnsaved || STANDING.includes(this.status.is)) return
        this.isBusy = true
        void this.met()
    }

    /** Say that the flow, or who is signed in, is gone: before somebody goes on, and not once it is to be saved. */
    miss(missing: SignedOut | { readonly is: "gone" }): void {
        const isKnown = JSON.stringify(this.status) === JSON.stringify(missing)
        if (!this.isBusy && !STANDING.includes(this.status.is) && !isKnown) this.stopped(missing)
    }

    private async met(): Promise<void> {
        const met = await this.around.server.load().catch(() => null)
        this.isBusy = false
        if (this.isClosed) return
        if (!met) this.begin()
        else if (met.is === "loaded") this.found(met.stored)
        else this.stopped(met)
    }

    confirmEmpty(): void {
        this.isEmptyMeant = true
        this.goOn()
    }

    /** Choose, by the names of conflicts; where more is to be chosen, it stays as it is. */
    resolve(choices: ReadonlyMap<string, Choice>): void {
        if (this.waiting) this.meet(this.waiting, choices)
    }

    /** Write to the journal what waits there for what was before it: the page may be gone in a moment. */
    hurry(): void {
        if (this.toKeep) void this.write(this.toKeep)
    }

    /** Do nothing more: what is not saved is in the journal. */
    close(): void {
        this.isClosed = true
        this.cancel()
    }

    // --- Saving ---

    /** Say how it stands now that something is different, and save it in time. */
    private settle(): void {
        if (!this.isUnsaved) {
            this.cancel()
            this.firstChangeAt = null
            this.nFailures = 0
            this.tell({ is: "saved" })
            return
        }
        const now = this.around.clock.now()
        this.firstChangeAt ??= now
        if (["offline", "signed-out"].includes(this.status.is)) this.tell(this.status)
        else if (!this.isBusy && !STANDING.includes(this.status.is)) {
            this.schedule(Math.min(QUIET_MS, Math.max(this.firstChangeAt + LONGEST_MS - now, 0)))
            this.tell({ is: "unsaved" })
        } else this.tell(this.status)
    }

    private schedule(ms: number): void {
        this.cancel()
        this.cancel = this.around.clock.after(ms, () => this.attempt())
    }

    private attempt(): void {
        if (this.isBusy) return
        this.cancel()
        const sent = this.sent ?? this.mine
        if (isEmpty(sent) && !isEmpty(this.base) && !this.isEmptyMeant) {
            this.tell({ is: "empty" })
            return
        }
        this.sent = sent
        this.firstChangeAt = null
        this.isBusy = true
        this.tell({ is: "saving" })
        void this.send(sent)
    }

    private async send(sent: Definition): Promise<void> {
        let go: () => void
        try {
            const answer = await this.around.server.save(sent, this.revision)
            this.nFailures = 0
            go = () => this.answered(answer, sent)
        } catch (error) {
            go = () => this.failed(error)
        }
        this.isBusy = false
        if (!this.isClosed) go()
    }

    private answered(answer: Answer, sent: Definition): void {
        switch (answer.is) {
            case "saved":
                this.base = sent
                this.revision = answer.revision
                this.sent = null
                this.begin()
                break
            case "refused": // go on from what comes next
                this.sent = null
                if (differs(this.mine, sent)) this.begin()
                else {
                    if (answer.mayPass) this.schedule(REFUSED_RETRY_MS)
                    this.tell({ is: "refused", message: answer.message })
                }
                break
            case "changed":
                this.found(answer.stored)
                break
            default:
                this.stopped(answer)
        }
    }

    private found({ document, revision, by }: Stored): void {
        const definition = drawable(document)
        if (definition) this.meet({ definition, revision, by })
        else this.tell({ is: "undrawable", by })
    }

    private stopped(missing: SignedOut | { readonly is: "gone" }): void {
        if (missing.is === "signed-out") this.schedule(REFUSED_RETRY_MS)
        this.tell(missing)
    }

    private failed(error: unknown): void {
        const usual = Math.min(FIRST_RETRY_MS * 2 ** this.nFailures, LONGEST_RETRY_MS)
        const asked = error instanceof Away ? (error.retryMs ?? 0) : 0
        const ms = Math.max(usual, Math.min(asked, LONGEST_ASKED_MS))
        this.nFailures += 1
        this.schedule(ms)
        this.tell({ is: "offline", retryAt: this.around.clock.now() + ms })
    }

    /** Go on from what is stored now. */
    private begin(): void {
        this.status = { is: "unsaved" }
        this.settle()
    }

    // --- Others ---

    /** Bring together what is shown, and what somebody else has stored; it may be what was sent, and never answered. */
    private meet(draft: Draft, choices: ReadonlyMap<string, Choice> = new Map()): void {
        const { definition: theirs, revision, by } = draft
        const [base, sent] = [this.base, this.sent]
        const isOurs = sent !== null && !differs(theirs, sent)
        const found = merged(base, this.mine, theirs, { choices, sent })
        if (found.conflicts.length && !isOurs) {
            this.waiting = draft
            this.tell({ is: "conflict", conflicts: found.conflicts, theirs, by })
            return
        }
        this.base = theirs
        this.revision = revision
        this.sent = null
        this.waiting = null
        if (!isOurs) {
            this.mine = found.definition
            this.around.onBrought((each) => merged(base, each, theirs, { sent }).definition, found.definition)
        }
        this.begin()
    }

    private tell(status: Status): void {
        this.status = status
        const { base, revision, mine, sent } = this
        this.toKeep = { kept: this.isUnsaved ? { base, revision, mine, sent } : null }
        void this.keep()
        this.around.onChange()
    }

    /** Write what is to be kept, the latest alone where several waited. */
    private async keep(): Promise<void> {
        if (this.isAtJournal) return
        this.isAtJournal = true
        while (this.toKeep) await this.write(this.toKeep)
        this.isAtJournal = false
    }

    private async write({ kept }: { readonly kept: Kept | null }): Promise<void> {
        this.toKeep = null
        const isJournalled = await this.around.journal.write(kept).then(
            () => true,
            () => kept === null,
        )
        if (this.isJournalled === isJournalled) return
        this.isJournalled = isJournalled
        this.around.onChange()
    }
}
