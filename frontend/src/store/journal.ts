// What is not saved yet, in the IndexedDB of this browser: an entry for each tab that edits a flow. A tab holds a lock
// with its name, so that another one can tell whether an entry was left behind.

import type { Definition } from "../model/definition"
import type { Journal, Kept } from "../model/draft_keeper"

const DATABASE = "cdp-flow-editor"
const ENTRIES = "unsaved"
const TAB_KEY = "cdp-flow-editor-tab"
/** Browsers tell of locks on secure pages alone; elsewhere an entry that was written longer ago is nobody's. */
const ABANDONED_MS = 60_000
/** So long may a lock still be held by a page that is closed or loaded anew, or by a tab that asks whether it is. */
const CLOSING_MS = 2_000

interface Entry extends Kept {
    readonly key: string
    readonly tab: string
    readonly owner: string
    readonly at: number
}

/** What another tab has left behind. */
export interface Left {
    readonly key: string
    readonly at: number
    readonly base: Definition
    readonly mine: Definition
}

export interface Opened {
    readonly journal: Journal
    /** What this tab had not saved when it was left. */
    readonly kept: Kept | null
    readonly left: readonly Left[]
    /** Forget what another tab has left behind. */
    readonly forget: (key: string) => Promise<void>
}

const NOWHERE: Opened = {
    journal: { write: () => Promise.reject(new Error("This browser keeps nothing.")) },
    kept: null,
    left: [],
    forget: () => Promise.resolve(),
}

/** Open the journal of one flow, edited by one person. A browser that keeps nothing has none: writing to it fails. */
export async function openJournal(userId: string, flowId: string): Promise<Opened> {
    try {
        return await opened(await database(), `${userId} ${flowId}`)
    } catch {
        return NOWHERE
    }
}

async function opened(db: IDBDatabase, owner: string): Promise<Opened> {
    const tab = await (tabOfPage ??= ownTab())
    const key = `${tab} ${owner}`
    const entries = (await all(db)).filter((entry) => entry.owner === owner)
    const own = entries.find((entry) => entry.key === key) ?? null
    const others = entries.filter((entry) => entry.key !== key)
    const areLeft = await Promise.all(others.map(isLeft))
    const left: Left[] = others.filter((_, at) => areLeft[at])
    left.sort((one, other) => other.at - one.at)
    const write = (kept: Kept | null): Promise<void> => {
        if (!kept) return changed(db, (store) => store.delete(key))
        return changed(db, (store) => store.put({ ...kept, key, tab, owner, at: Date.now() } satisfies Entry))
    }
    return { journal: { write }, kept: own, left, forget: (other) => changed(db, (store) => store.delete(other)) }
}

let tabOfPage: Promise<string> | null = null

/** Return the name of this tab, which outlives a refresh; a copy of a tab gets one of its own. */
async function ownTab(): Promise<string> {
    const known = sessionStorage.getItem(TAB_KEY)
    if (known && (await held(known))) return known
    const tab = newId()
    sessionStorage.setItem(TAB_KEY, tab)
    await held(tab)
    return tab
}

function newId(): string {
    return Array.from(crypto.getRandomValues(new Uint32Array(4)), (each) => each.toString(36)).join("")
}

/** Take the lock of a tab until this page goes; false where another page has it, and keeps it. */
function held(tab: string): Promise<boolean> {
    const { locks } = navigator as { readonly locks?: LockManager }
    if (!locks) return Promise.resolve(true)
    return new Promise((tell) => {
        const taken = () => {
            tell(true)
            return new Promise<never>(() => {})
        }
        locks.request(lockOf(tab), whileClosing(), taken).catch(() => tell(false))
    })
}

async function isLeft({ tab, at }: Entry): Promise<boolean> {
    const { locks } = navigator as { readonly locks?: LockManager }
    if (!locks) return Date.now() - at > ABANDONED_MS
    return locks.request(lockOf(tab), whileClosing(), () => Promise.resolve(true)).catch(() => false)
}

const whileClosing = (): LockOptions => ({ signal: AbortSignal.timeout(CLOSING_MS) })

const lockOf = (tab: string): string => `${DATABASE} ${tab}`

// --- IndexedDB ---

function database(): Promise<IDBDatabase> {
    const asked = indexedDB.open(DATABASE, 1)
    asked.onupgradeneeded = () => asked.result.createObjectStore(ENTRIES, { keyPath: "key" })
    return done(asked)
}

function all(db: IDBDatabase): Promise<Entry[]> {
    return done(db.transaction(ENTRIES).objectStore(ENTRIES).getAll() as IDBRequest<Entry[]>)
}

function changed(db: IDBDatabase, change: (store: IDBObjectStore) => void): Promise<void> {
    return new Promise((resolve, reject) => {
        const transaction = db.transaction(ENTRIES, "readwrite", { durability: "strict" })
        transaction.oncomplete = () => resolve()
        transaction.onabort = () => reject(transaction.error ?? new Error("The journal was not written."))
        change(transaction.objectStore(ENTRIES))
        transaction.commit() // now, and not in a moment: the page may be gone by then
    })
}

function done<T>(request: IDBRequest<T>): Promise<T> {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error ?? new Error("The journal cannot be read."))
    })
}
