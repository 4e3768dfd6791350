// Opening: what the server and the journal of this browser have of a flow becomes a store.

import type { Boot } from "../boot"
import { differs, type Definition } from "../model/definition"
import { drawable } from "../model/drawable"
import type { Clock } from "../model/draft_keeper"
import { merged } from "../model/merge"
import { Api } from "../server/api"
import { DraftServer, storedOf, type FlowTold } from "../server/draft"
import { NameServer } from "../server/names"
import { ToldKinds, type Catalogue } from "../server/kinds"
import { EditorStore } from "./editor_store"
import { openJournal, type Left } from "./journal"
import type { Editor } from "./use_editor"

const clock: Clock = {
    now: () => Date.now(),
    after: (ms, then) => {
        const timer = setTimeout(then, ms)
        return () => clearTimeout(timer)
    },
}

/** The draft says what only its text can show; this browser may have what somebody has not saved. */
export class Undrawable extends Error {
    constructor(readonly unsaved: Definition | null) {
        super("The draft cannot be drawn.")
    }
}

/** Raises Undrawable, and what `Api.ask` raises. */
export async function openEditor(boot: Boot): Promise<Editor> {
    const api = new Api(boot)
    const [catalogue, flow, { journal, kept, left, forget }] = await Promise.all([
        api.ask<Catalogue>("GET", "node-kinds"),
        api.ask<FlowTold>("GET", api.ofFlow()),
        openJournal(boot.user.id, boot.flow.id),
    ])
    const { document: stored, revision, by } = storedOf(flow)
    const definition = drawable(stored)
    if (!definition) throw new Undrawable((kept ?? left[0])?.mine ?? null)
    const draft = { definition, revision, by }
    const mine = boot.may.change ? kept : null
    const around = { server: new DraftServer(api), journal, clock }
    const store = new EditorStore(draft, mine, new ToldKinds(catalogue), boot.may.change, around)
    const names = new NameServer(api, document.body.dataset.conditions ?? "")
    // It may have been saved after all as the tab was closed.
    const isNew = (each: Left) => differs(merged(each.base, each.mine, definition).definition, definition)
    for (const each of left) if (!isNew(each)) void forget(each.key)
    return { boot, api, names, store, left: boot.may.change ? left.filter(isNew) : [], forget }
}
