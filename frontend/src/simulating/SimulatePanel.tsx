// What the draft would have done in the last days: how many people would have come where, and what they would have got.

import { useEffect, useState } from "react"
import { nodeOf, type Definition } from "../model/definition"
import { ENDINGS } from "../live/figures"
import { counted } from "../model/amounts"
import { own } from "../model/json"
import { titleOf } from "../model/kinds"
import { reasonOf } from "../publish/PublishDialog"
import { useEditor, useEditorState } from "../store/use_editor"
import { drawnOf, isGoing, samplesOf, worthShowing, type Simulation, type SimulationLine } from "./figures"

const REFRESH_MS = 1_000
const DAYS: readonly number[] = [7, 30, 90, 365]

export function SimulatePanel() {
    const { api, boot, store } = useEditor()
    const [days, setDays] = useState(30)
    const simulating = useEditorState((state) => state.simulating)
    const [error, setError] = useState("")
    useEffect(() => {
        if (store.state.simulating) return
        api.ask<{ results: readonly SimulationLine[] }>("GET", api.ofFlow("simulations")).then(
            ({ results }) => {
                const found = worthShowing(results)
                if (found && !store.state.simulating) store.set({ simulating: { id: found.id, of: null } })
            },
            (failure: unknown) => setError(reasonOf(failure)),
        )
    }, [api, store])
    const begin = async () => {
        setError("")
        const { definition } = store.state
        try {
            // By its revision, what is saved is known again after the page was loaded anew.
            const body = store.keeper.savedRevision === null ? { definition, days } : { days }
            const made = await api.ask<Simulation>("POST", api.ofFlow("simulations"), body)
            store.set({ simulating: { id: made.id, of: definition } })
        } catch (failure) {
            setError(reasonOf(failure))
        }
    }
    return (
        <section className="panel" aria-label="Simulate">
            <h2>Simulate</h2>
            <p className="help">The draft is led over what has happened already. Nothing is sent, changed or counted.</p>
            <div className="field">
                <label htmlFor="simulate-days">Over the last</label>
                <select id="simulate-days" value={days} onChange={(event) => setDays(Number(event.target.value))}>
                    {DAYS.map((each) => (
                        <option key={each} value={each}>
                            {each} days
                        </option>
                    ))}
                </select>
            </div>
            {store.mayChange && boot.may.seePeople ? (
                <button type="button" className="main" onClick={() => void begin()}>
                    Simulate
                </button>
            ) : (
                <p>Whoever may change the flow and see people can simulate it.</p>
            )}
            {error && <p className="danger" role="alert">{error}</p>}
            {simulating && <Shown key={simulating.id} {...simulating} />}
        </section>
    )
}

function Shown({ id, of }: { readonly id: string; readonly of: Definition | null }) {
    const { api, boot, store } = useEditor()
    const definition = useEditorState((state) => state.definition)
    const [found, setFound] = useState<Simulation | null>(null)
    const [error, setError] = useState("")
    useEffect(() => {
        let isGone = false
        let timer: ReturnType<typeof setTimeout> | undefined
        const look = async () => {
            let isOver = false
            try {
                const each = await api.ask<Simulation>("GET", api.ofFlow(`simulations/${id}`))
                if (isGone) return
                setFound(each)
                setError("")
                store.set(drawnOf(each, of ?? store.state.definition))
                isOver = !isGoing(each)
            } catch (failure) {
                if (!isGone) setError(reasonOf(failure))
            }
            if (!isGone && !isOver) timer = setTimeout(() => void look(), REFRESH_MS)
        }
        void look()
        return () => {
            isGone = true
            clearTimeout(timer)
        }
    }, [api, store, id, of])
    if (!found) return <p role="status">{error || "Beginning …"}</p>
    const isSame = of ? of === definition : found.draft_revision !== null && found.draft_revision === store.keeper.savedRevision
    const cancel = () => api.ask("DELETE", api.ofFlow(`simulations/${id}`)).catch((failure: unknown) => setError(reasonOf(failure)))
    return (
        <>
            <p className="help">
                The last {found.days} days, asked for by {found.requested_by === boot.user.name ? "you" : found.requested_by || "a program"} on{" "}
                {new Date(found.created_at).toLocaleString()}
            </p>
            {isGoing(found) && (
                <div className="row" role="status">
                    <progress aria-label="Progress" max={found.total ?? undefined} value={found.total === null ? undefined : found.progress} />
                    <span>
                        {counted(found.progress)} of {found.total === null ? "…" : counted(found.total)} people
                    </span>
                    {store.mayChange && (
                        <button type="button" onClick={() => void cancel()}>
                            Stop it
                        </button>
                    )}
                </div>
            )}
            {error && <p className="danger" role="alert">{error}</p>}
            {found.status === "failed" && <p className="danger">{found.message}</p>}
            {found.status === "cancelled" && <p className="warning">It was stopped: this is what was counted by then.</p>}
            {!isSame && <p className="warning">{of || found.draft_revision !== null ? "The draft has changed since." : "It was of a draft that was not saved: it may have been another one."}</p>}
            {found.is_sample && (
                <p className="warning">A sample: all of them would be about {found.factor.toFixed(1)} times as many.</p>
            )}
            <ul className="figures">
                <li>
                    <b>{counted(found.n_entered)}</b> would have entered
                </li>
                {found.deliveries?.map((each) => (
                    <li key={`${each.kind} ${each.connection} ${each.channel}`}>
                        <b>{counted(each.n)}</b> {each.channel || each.kind} by {each.connection || "nothing yet"}
                    </li>
                ))}
                {Object.entries(found.endings ?? {}).map(([status, n]) => (
                    <li key={status}>
                        <b>{counted(n)}</b> {status === "waiting" ? "still under way" : (own(ENDINGS, status) ?? status)}
                    </li>
                ))}
                {Object.entries(found.goals ?? {}).map(([goal, n]) => (
                    <li key={`goal ${goal}`}>
                        <b>{counted(n)}</b> reached {goal}
                    </li>
                ))}
            </ul>
            {found.refused.length > 0 && (
                <details>
                    <summary>Who would not have entered</summary>
                    <ul>
                        {found.refused.map(({ why, said, n }) => (
                            <li key={why}>
                                {counted(n)}: {said}
                            </li>
                        ))}
                    </ul>
                </details>
            )}
            <Samples found={found} of={of ?? definition} />
            {found.caveats && found.caveats.length > 0 && (
                <details>
                    <summary>What these figures assume</summary>
                    <ul>
                        {found.caveats.map((each) => (
                            <li key={each}>{each}</li>
                        ))}
                    </ul>
                </details>
            )}
            <p className="help">
                {counted(found.n_events)} events of {counted(found.n_people)} people were looked at.
            </p>
        </>
    )
}

/** Some of the people of the node or edge that is selected. */
function Samples({ found, of }: { readonly found: Simulation; readonly of: Definition }) {
    const { boot } = useEditor()
    const kinds = useEditorState((state) => state.kinds)
    const { nodes, edges } = useEditorState((state) => state.selection)
    const [id] = nodes
    const [key] = edges
    const node = id === undefined ? undefined : nodeOf(of, id)
    if (!found.samples) return <p className="help">You may not see whom this is about.</p>
    if (key === undefined && id === undefined) return <p className="help">Click a node or an edge to see some of the people.</p>
    const samples = samplesOf(found, of, key === undefined ? { node: id ?? "" } : { edge: key })
    const n = key === undefined ? (own(found.nodes ?? {}, id ?? "")?.entered ?? 0) : (own(found.edges ?? {}, key) ?? 0)
    return (
        <section aria-label="Samples">
            <h3>{node ? `Who would have come to ${titleOf(node, kinds)}` : "Who would have gone this way"}</h3>
            <p className="help">{shareInWords(samples.length, n)}</p>
            <ul>
                {samples.map((each, at) => (
                    <li key={at}>
                        <a href={boot.pages.person.replace("{id}", each.profile_id)}>{each.who || each.profile_id.slice(0, 8)}</a>{" "}
                        <span className="help">
                            {each.event_type} on {new Date(each.entered_at).toLocaleString()}
                            {each.reason && `: ${each.reason}`}
                        </span>
                    </li>
                ))}
            </ul>
        </section>
    )
}

/** Say how many of all are shown. */
function shareInWords(nShown: number, n: number): string {
    if (n === 0) return "Nobody."
    if (nShown === 0) return `${counted(n)}, of whom none was noted.`
    return nShown < n ? `Some of ${counted(n)}:` : `All of them:`
}
