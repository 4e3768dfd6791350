// Trials that are kept with what is expected of them: tests of the flow, which publishing runs.

import { useCallback, useEffect, useState } from "react"
import { nodeOf } from "../model/definition"
import { titleOf } from "../model/kinds"
import { reasonOf } from "../publish/PublishDialog"
import { useEditor, useEditorState } from "../store/use_editor"
import { pinnedInWords, type Trial, type Tried } from "./trial"

interface Case {
    readonly id: string
    readonly name: string
    readonly trial: Trial | null
    readonly expected: { readonly path?: readonly string[]; readonly end?: string; readonly holds?: readonly string[] }
}

interface Verdict {
    readonly id: string
    readonly failures: readonly string[]
}

interface Props {
    readonly trial: Trial
    readonly tried: Tried | null
    readonly onLoad: (trial: Trial) => void
}

export function Cases({ trial, tried, onLoad }: Props) {
    const { api, store } = useEditor()
    const definition = useEditorState((state) => state.definition)
    const kinds = useEditorState((state) => state.kinds)
    const nameOf = (id: string) => {
        const node = nodeOf(definition, id)
        return node ? titleOf(node, kinds) : id
    }
    const [cases, setCases] = useState<readonly Case[]>([])
    const [verdicts, setVerdicts] = useState<ReadonlyMap<string, Verdict>>(new Map())
    const [name, setName] = useState("")
    const [holds, setHolds] = useState("")
    const [error, setError] = useState("")
    const load = useCallback(
        () => api.ask<{ results: readonly Case[] }>("GET", api.ofFlow("cases")).then(({ results }) => setCases(results)),
        [api],
    )
    const doing = async (deed: () => Promise<unknown>) => {
        setError("")
        try {
            await deed()
        } catch (failure) {
            setError(reasonOf(failure))
        }
    }
    useEffect(() => void doing(load), [load])
    const test = () =>
        doing(async () => {
            const body = { definition: store.state.definition }
            const { results, n_failed } = await api.ask<{ results: readonly Verdict[]; n_failed: number }>("POST", api.ofFlow("test"), body)
            setVerdicts(new Map(results.map((each) => [each.id, each])))
            store.say(n_failed ? `${n_failed} of ${results.length} cases fail.` : `All ${results.length} cases come out as expected.`)
        })
    const expected = () => ({
        ...(tried && { path: tried.path, end: tried.end }),
        holds: holds.split("\n").filter((line) => line.trim()),
    })
    const keep = () =>
        doing(async () => {
            await api.ask("POST", api.ofFlow("cases"), { name, trial, expected: expected() })
            setName("")
            await load()
        })
    const change = (each: Case) =>
        doing(async () => {
            await api.ask("PATCH", api.ofFlow(`cases/${each.id}`), { trial, expected: expected() })
            await load()
            await test()
        })
    const remove = (each: Case) =>
        doing(async () => {
            await api.ask("DELETE", api.ofFlow(`cases/${each.id}`))
            await load()
        })
    return (
        <section className="cases" aria-label="Cases">
            <h3>Cases</h3>
            {error && <p className="danger" role="alert">{error}</p>}
            {cases.length === 0 && <p className="help">A trial that is kept is tried again before the flow is published.</p>}
            <ul>
                {cases.map((each) => {
                    const verdict = verdicts.get(each.id)
                    return (
                        <li key={each.id}>
                            <p className="row">
                                <b>{each.name}</b>
                                {verdict && (verdict.failures.length ? <span className="danger">fails</span> : <span className="tag">comes out so</span>)}
                            </p>
                            {each.trial?.pins?.length ? <p className="help">{pinnedInWords(each.trial, nameOf)}</p> : null}
                            {verdict?.failures.map((failure) => (
                                <p key={failure} className="danger">
                                    {failure}
                                </p>
                            ))}
                            <p className="row">
                                {each.trial && (
                                    <button type="button" onClick={() => each.trial && onLoad(each.trial)}>
                                        Try it
                                    </button>
                                )}
                                {store.mayChange && (
                                    <>
                                        <button type="button" disabled={!tried} onClick={() => void change(each)}>
                                            Expect what is above
                                        </button>
                                        <button type="button" aria-label={`Delete the case ${each.name}`} onClick={() => void remove(each)}>
                                            Delete
                                        </button>
                                    </>
                                )}
                            </p>
                        </li>
                    )
                })}
            </ul>
            {cases.length > 0 && (
                <button type="button" onClick={() => void test()}>
                    Test all
                </button>
            )}
            {tried && store.mayChange && (
                <fieldset className="field">
                    <legend>Keep this trial as a case</legend>
                    <label htmlFor="case-name">Name</label>
                    <input id="case-name" type="text" maxLength={120} value={name} onChange={(event) => setName(event.target.value)} />
                    <label htmlFor="case-holds">Conditions that hold at the end, a line each</label>
                    <textarea id="case-holds" rows={2} spellCheck={false} value={holds} onChange={(event) => setHolds(event.target.value)} />
                    <p className="help">They are to go the same way, and come to the same end.</p>
                    {trial.pins?.length ? <p className="warning">{pinnedInWords(trial, nameOf)}. The case does not test what is pinned.</p> : null}
                    <button type="button" disabled={!name.trim()} onClick={() => void keep()}>
                        Keep it
                    </button>
                </fieldset>
            )}
        </section>
    )
}
