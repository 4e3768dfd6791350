// Runs, the last first; what is done for those who wait at one node.

import { useCallback, useEffect, useState } from "react"
import { Dialog } from "../app/Dialog"
import { counted } from "../model/amounts"
import type { JsonObject } from "../model/json"
import { reasonOf } from "../publish/PublishDialog"
import { useEditor } from "../store/use_editor"
import { statusInWords } from "./figures"

export interface Run {
    readonly id: string
    readonly version: number
    readonly profile_id: string | null
    readonly status: string
    readonly reason: string
    readonly place: string
    readonly started_at: string
    readonly due_at: string | null
    readonly who: string | null
}

type Verb = "run-now" | "skip" | "cancel"
const VERBS: readonly (readonly [verb: Verb, title: string, about: string])[] = [
    ["run-now", "Let them go on now", "Their time comes: what follows happens at once, such as a message that is sent."],
    ["skip", "Skip what they wait for", "They go on at once, as if they had not had to wait."],
    ["cancel", "Take them out", "They leave the flow, and do not come to its end."],
]

interface RunsProps {
    readonly query: string
    /** The node where all of them wait; null: elsewhere, or nowhere. */
    readonly node: string | null
    readonly version: number
    readonly countedAt: string
    readonly onRun: (id: string) => void
}

export function Runs({ query, node, version, countedAt, onRun }: RunsProps) {
    const { api, boot, store } = useEditor()
    const [runs, setRuns] = useState<readonly Run[] | null>(null)
    const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
    const [error, setError] = useState("")
    const [isBusy, setBusy] = useState(false)
    const [asked, setAsked] = useState<Verb | null>(null)
    const load = useCallback(async () => {
        try {
            const { results } = await api.ask<{ results: readonly Run[] }>("GET", api.ofFlow(`runs?${query}&page_size=20`))
            setRuns(results)
            setError("")
        } catch (failure) {
            setError(reasonOf(failure))
        }
    }, [api, query])
    useEffect(() => void load(), [load, countedAt])
    const act = async (verb: Verb, title: string) => {
        const ids = [...chosen]
        setAsked(null)
        setBusy(true)
        setError("")
        try {
            const n = ids.length ? (await done(api, verb, { run_ids: ids })).n_done : await all(api, verb, { node, version })
            store.say(`${title}: ${counted(n)}.`)
            setChosen(new Set())
        } catch (failure) {
            setError(reasonOf(failure))
        }
        setBusy(false)
        await load()
    }
    const mayAct = boot.may.changeRuns && node !== null && runs !== null && runs.length > 0
    return (
        <>
            {error && <p className="danger" role="alert">{error}</p>}
            {runs === null && !error && <p role="status">Looking …</p>}
            {runs?.length === 0 && <p className="help">Nobody.</p>}
            <ul className="runs">
                {runs?.map((run) => (
                    <li key={run.id} className="row">
                        {mayAct && (
                            <input
                                type="checkbox"
                                aria-label={`Choose ${run.who ?? run.id}`}
                                checked={chosen.has(run.id)}
                                onChange={() => setChosen(toggled(chosen, run.id))}
                            />
                        )}
                        <button type="button" onClick={() => onRun(run.id)}>
                            {run.who || run.profile_id?.slice(0, 8) || "nobody"}
                        </button>
                        <span className="help">
                            {statusInWords(run.status)}
                            {run.due_at && `, until ${new Date(run.due_at).toLocaleString()}`}
                            {run.status !== "live" && run.reason && `: ${run.reason}`}
                        </span>
                    </li>
                ))}
            </ul>
            {mayAct && (
                <p className="row">
                    {VERBS.map(([verb, title]) => (
                        <button key={verb} type="button" disabled={isBusy} onClick={() => setAsked(verb)}>
                            {title} ({chosen.size || "all"})
                        </button>
                    ))}
                </p>
            )}
            {VERBS.filter(([verb]) => verb === asked).map(([verb, title, about]) => (
                <Dialog key={verb} title={title} onClose={() => setAsked(null)}>
                    <p>
                        <b>{chosen.size ? counted(chosen.size) : "All who are here"}.</b> {about}
                    </p>
                    <footer>
                        <button type="button" className="main" data-first="" onClick={() => void act(verb, title)}>
                            {title}
                        </button>
                    </footer>
                </Dialog>
            ))}
        </>
    )
}

type Api = ReturnType<typeof useEditor>["api"]
type Done = { readonly n_done: number; readonly after: string | null }

function done(api: Api, verb: Verb, body: JsonObject): Promise<Done> {
    return api.ask<Done>("POST", api.ofFlow(`runs/${verb}`), body)
}

/** Do it for everybody at a node, page by page. */
async function all(api: Api, verb: Verb, body: { readonly node: string | null; readonly version: number }): Promise<number> {
    let [n, after]: [number, string | null] = [0, null]
    do {
        const page: Done = await done(api, verb, { ...body, ...(after !== null && { after }) })
        n += page.n_done
        after = page.after
    } while (after !== null)
    return n
}

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
    const next = new Set(ids)
    if (!next.delete(id)) next.add(id)
    return next
}
