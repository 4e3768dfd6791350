// What the server says of what is drawn: the ports of nodes, what they do in a few words, and problems of the draft.

import { placedProblems, type Problem } from "../model/problems"
import { Refused, type Api } from "../server/api"
import type { Port } from "../server/kinds"
import type { EditorStore } from "./editor_store"
import { shownOf } from "./use_editor"

const QUIET_MS = 600
const RETRY_MS = 5_000

interface Checked {
    readonly problems: readonly Problem[]
    readonly ports: { readonly [id: string]: readonly Port[] }
    readonly summaries: { readonly [id: string]: string }
}

/** Let the draft, or what is looked at instead, be checked whenever it is another one; return what ends that. */
export function keepChecked(api: Api, key: string, store: EditorStore): () => void {
    let last = shownOf(store.state)
    let timer: ReturnType<typeof setTimeout> | undefined
    let asking: AbortController | null = null
    const look = (ms: number) => {
        clearTimeout(timer)
        timer = setTimeout(() => void check(), ms)
    }
    const check = async () => {
        const definition = shownOf(store.state)
        asking?.abort()
        asking = new AbortController()
        const { signal } = asking
        try {
            const body = { definition, key }
            const { problems, ports, summaries } = await api.ask<Checked>("POST", "flows/check", body, signal)
            if (signal.aborted) return
            store.set({
                kinds: store.state.kinds.with(ports),
                problems: store.state.shown ? [] : placedProblems(problems, definition),
                summaries: new Map(Object.entries(summaries)),
            })
        } catch (error) {
            // The network says itself that it is away, and saving that somebody is signed out.
            if (!signal.aborted && !(error instanceof Refused)) look(RETRY_MS)
        }
    }
    const end = store.subscribe(() => {
        const definition = shownOf(store.state)
        if (definition === last) return
        last = definition
        look(store.state.shown ? 0 : QUIET_MS)
    })
    void check()
    return () => {
        end()
        clearTimeout(timer)
        asking?.abort()
    }
}
