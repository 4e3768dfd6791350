// How people go through the flow just now, and whom it is about.

import { useEffect, useRef, useState } from "react"
import { nodeOf, type Definition } from "../model/definition"
import { drawable } from "../model/drawable"
import { counted, percent, rangeInWords } from "../model/amounts"
import { own } from "../model/json"
import { titleOf } from "../model/kinds"
import { reasonOf } from "../publish/PublishDialog"
import { useVersions, type Version } from "../publish/use_versions"
import { Refused } from "../server/api"
import { useEditor } from "../store/use_editor"
import { drawnOf, ENDINGS, type Live, type Period, type Variant } from "./figures"
import { Who } from "./Who"

const REFRESH_MS = 4_000
const PERIODS: readonly (readonly [Period, string])[] = [
    ["hour", "the last hour"],
    ["day", "24 hours"],
    ["week", "7 days"],
    ["month", "30 days"],
    ["all", "all time"],
]

export function LivePanel() {
    const { boot } = useEditor()
    const { versions, error, loadOlder } = useVersions()
    const [number, setNumber] = useState<number | null>(null)
    const [period, setPeriod] = useState<Period>("day")
    const version = versions?.find((each) => each.number === number) ?? versions?.[0]
    const definition = useDrawable(version)
    return (
        <section className="panel" aria-label="Live">
            <h2>Live</h2>
            {error && <p className="danger" role="alert">{error}</p>}
            {versions?.length === 0 && <p>Nobody can be inside before the flow is published.</p>}
            {version && (
                <>
                    <div className="row">
                        <select aria-label="Period" value={period} onChange={(event) => setPeriod(event.target.value as Period)}>
                            {PERIODS.map(([key, title]) => (
                                <option key={key} value={key}>
                                    {title}
                                </option>
                            ))}
                        </select>
                        <select aria-label="Version" value={version.number} onChange={(event) => setNumber(Number(event.target.value))}>
                            {versions?.map((each) => (
                                <option key={each.number} value={each.number}>
                                    version {each.number}
                                </option>
                            ))}
                        </select>
                        {loadOlder && (
                            <button type="button" onClick={loadOlder}>
                                Older versions
                            </button>
                        )}
                    </div>
                    {definition ? (
                        <Counted version={version.number} definition={definition} period={period} />
                    ) : (
                        <p>
                            This version cannot be drawn. <a href={boot.pages.flow}>Its figures are on the page of the flow</a>.
                        </p>
                    )}
                </>
            )}
        </section>
    )
}

/** One object for each version: the drawing is made anew for another one. */
function useDrawable(version: Version | undefined): Definition | null {
    const known = useRef(new Map<number, Definition | null>())
    if (!version) return null
    const found = known.current.get(version.number)
    if (found !== undefined) return found
    const made = drawable(version.definition)
    known.current.set(version.number, made)
    return made
}

interface CountedProps {
    readonly version: number
    readonly definition: Definition
    readonly period: Period
}

function Counted({ version, definition, period }: CountedProps) {
    const { api, boot, store } = useEditor()
    const [live, setLive] = useState<Live | null>(null)
    const [error, setError] = useState("")
    useEffect(() => {
        let isGone = false
        let timer: ReturnType<typeof setTimeout> | undefined
        store.set({ shown: definition, path: [], onBadge: (id) => store.reveal(id) })
        const look = async () => {
            try {
                if (!document.hidden) {
                    const found = await api.ask<Live>("GET", api.ofFlow(`live?version=${version}&period=${period}`))
                    if (isGone) return
                    setLive(found)
                    setError("")
                    store.draw("live", drawnOf(found, definition, store.state.badges))
                }
            } catch (failure) {
                if (!isGone) setError(failure instanceof Refused ? reasonOf(failure) : "No connection: these are the last figures.")
            }
            if (!isGone) timer = setTimeout(() => void look(), REFRESH_MS)
        }
        void look()
        return () => {
            isGone = true
            clearTimeout(timer)
        }
    }, [api, store, version, definition, period])
    if (!live) return <p role="status">{error || "Counting …"}</p>
    const endings = Object.entries(live.endings).filter(([, n]) => n > 0)
    return (
        <>
            {error && <p className="warning">{error}</p>}
            <p>
                <b>{counted(live.n_inside)}</b> inside now
                {live.n_elsewhere > 0 && <>, and {counted(live.n_elsewhere)} on other versions</>}.
            </p>
            {!live.nodes && <p className="warning">Counting takes too long just now.</p>}
            {endings.length > 0 && (
                <ul className="figures">
                    {endings.map(([status, n]) => (
                        <li key={status}>
                            <b>{counted(n)}</b> {own(ENDINGS, status) ?? status}
                        </li>
                    ))}
                </ul>
            )}
            {live.goals && <Goals goals={live.goals} />}
            {live.variants.map((variant) => (
                <VariantTold key={variant.node} variant={variant} />
            ))}
            {live.is_too_slow && <p className="warning">Counting goals and branches takes too long just now.</p>}
            {live.is_partial && <p className="help">Goals and branches are of the last 100,000 runs.</p>}
            {boot.may.seeRuns && <Who version={version} definition={definition} countedAt={live.at} />}
        </>
    )
}

function Goals({ goals }: { readonly goals: NonNullable<Live["goals"]> }) {
    return (
        <section>
            <h3>Goals</h3>
            <p>
                {counted(goals.reached)} of {counted(goals.entered)} who entered
                {goals.rate !== null && <>: {percent(goals.rate)}</>}
                {goals.interval && <span className="help"> (95 %: {rangeInWords(goals.interval)})</span>}
            </p>
            {goals.by_goal.length > 1 && (
                <ul>
                    {goals.by_goal.map((goal) => (
                        <li key={goal.id}>
                            {goal.name || goal.id}: {counted(goal.reached)}
                            {goal.rate !== null && `, ${percent(goal.rate)}`}
                        </li>
                    ))}
                </ul>
            )}
        </section>
    )
}

function VariantTold({ variant }: { readonly variant: Variant }) {
    const { store } = useEditor()
    const node = nodeOf(store.state.shown ?? store.state.definition, variant.node)
    const compared = variant.branches.filter((branch) => branch.said)
    return (
        <section>
            <h3>{node ? titleOf(node, store.state.kinds) : variant.name}</h3>
            <table className="variants">
                <thead>
                    <tr>
                        <th scope="col">Branch</th>
                        <th scope="col">Entered</th>
                        <th scope="col">Reached</th>
                        <th scope="col">Rate, 95 %</th>
                    </tr>
                </thead>
                <tbody>
                    {variant.branches.map((branch) => (
                        <tr key={branch.port}>
                            <th scope="row">{branch.port}</th>
                            <td>{counted(branch.entered)}</td>
                            <td>{counted(branch.reached)}</td>
                            <td>
                                {branch.rate === null ? "–" : percent(branch.rate)}
                                {branch.interval && <span className="help"> {rangeInWords(branch.interval)}</span>}
                            </td>
                        </tr>
                    ))}
                </tbody>
            </table>
            {compared.map((branch) => (
                <p key={branch.port} className={branch.verdict === "early" || branch.verdict === "unclear" ? "help" : ""}>
                    {compared.length > 1 && <b>{branch.port}: </b>}
                    {branch.said}
                </p>
            ))}
            {compared.length !== 1 && <p>{variant.said}</p>}
        </section>
    )
}
