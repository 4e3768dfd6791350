// A run of the past: one of the last is chosen, or any is named by its id.

import { useEffect, useState } from "react"
import { reasonOf } from "../publish/PublishDialog"
import { useEditor } from "../store/use_editor"

const N_SHOWN = 20

interface Run {
    readonly id: string
    readonly status: string
    readonly started_at: string
    readonly who: string | null
}

interface Props {
    readonly value: string
    readonly onChange: (id: string) => void
}

export function RunField({ value, onChange }: Props) {
    const { api } = useEditor()
    const [runs, setRuns] = useState<readonly Run[]>([])
    const [told, setTold] = useState("Looking …")
    useEffect(() => {
        const ended = new AbortController()
        const ask = (query: string) =>
            api.ask<{ results: readonly Run[] }>("GET", api.ofFlow(`runs?page_size=${N_SHOWN}${query}`), undefined, ended.signal)
        Promise.all([ask("&status=failed"), ask("")]).then(
            ([failed, all]) => {
                const found = lastOf(failed.results, all.results)
                setRuns(found)
                setTold(found.length ? "" : "Nobody has been in this flow yet.")
            },
            (failure: unknown) => !ended.signal.aborted && setTold(reasonOf(failure)),
        )
        return () => ended.abort()
    }, [api])
    return (
        <div className="field">
            {told && <p className="help" role="status">{told}</p>}
            {runs.length > 0 && (
                <>
                    <label htmlFor="try-last-run">One of the last runs</label>
                    <select id="try-last-run" value={runs.some(({ id }) => id === value) ? value : ""} onChange={(event) => onChange(event.target.value)}>
                        <option value="">Choose …</option>
                        {runs.map((run) => (
                            <option key={run.id} value={run.id}>
                                {[run.status, run.who, new Date(run.started_at).toLocaleString()].filter(Boolean).join(", ")}
                            </option>
                        ))}
                    </select>
                </>
            )}
            <label htmlFor="try-id">Id of the run</label>
            <input id="try-id" type="text" spellCheck={false} value={value} onChange={(event) => onChange(event.target.value.trim())} />
        </div>
    )
}

/** Return the last runs, those that failed first. */
function lastOf(failed: readonly Run[], all: readonly Run[]): readonly Run[] {
    const ids = new Set(failed.map(({ id }) => id))
    return [...failed, ...all.filter(({ id }) => !ids.has(id))].slice(0, N_SHOWN)
}
