// Trying the draft out: on whom, step by step, and what is kept of it as a case. Nothing of it is done.

import { useState } from "react"
import { nodeOf } from "../model/definition"
import { titleOf } from "../model/kinds"
import { reasonOf } from "../publish/PublishDialog"
import { useEditor, useEditorState } from "../store/use_editor"
import { Cases } from "./Cases"
import { mistakesIn } from "./mistakes"
import { Pins } from "./Pins"
import { Steps } from "./Steps"
import { endInWords, firstTrial, pathOf, withTrial, type Tried } from "./trial"
import { WhoForm } from "./WhoForm"

export function TryPanel() {
    if (useEditor().store.mayChange) return <Trying />
    return (
        <section className="panel" aria-label="Try">
            <h2>Try it</h2>
            <p>Whoever may change the flow can try it out. You may look at it.</p>
        </section>
    )
}

function Trying() {
    const { api, store } = useEditor()
    const definition = useEditorState((state) => state.definition)
    const kinds = useEditorState((state) => state.kinds)
    const trying = useEditorState((state) => state.trying) ?? { trial: firstTrial(definition), tried: null, triedOf: null }
    const { trial, tried, triedOf } = trying
    const [error, setError] = useState("")
    const [isBusy, setBusy] = useState(false)
    const set = (next: typeof trial) => {
        const changed = withTrial(trying, next)
        store.set({ trying: changed, ...(!changed.tried && { path: [] }) })
    }
    const run = async (next = trial) => {
        if (isBusy) return
        setBusy(true)
        setError("")
        const { definition: of } = store.state
        try {
            const found = await api.ask<Tried>("POST", api.ofFlow("try"), { ...next, definition: of })
            store.set({ trying: { trial: next, tried: found, triedOf: of }, path: pathOf(found), said: endInWords(found) })
        } catch (failure) {
            setError(mistakesIn(failure, store.state) || reasonOf(failure))
            store.set({ trying: { trial: next, tried, triedOf } })
        }
        setBusy(false)
    }
    const nodes = definition.nodes
    return (
        <section className="panel" aria-label="Try">
            <h2>Try it</h2>
            <p className="help">Each step is told, and nothing is sent, changed or counted.</p>
            <WhoForm trial={trial} onChange={set} />
            <div className="field">
                <label htmlFor="try-node">Which nodes</label>
                <select id="try-node" value={trial.node ?? ""} onChange={(event) => set({ ...trial, node: event.target.value })}>
                    <option value="">the whole flow</option>
                    {nodes.map((node) => (
                        <option key={node.id} value={node.id}>
                            only {titleOf(node, kinds)}
                        </option>
                    ))}
                </select>
            </div>
            <div className="field switch">
                <input
                    id="try-stop"
                    type="checkbox"
                    checked={trial.waits === "stop"}
                    onChange={(event) => set({ ...trial, waits: event.target.checked ? "stop" : "pass" })}
                />
                <label htmlFor="try-stop">Stop at the first wait, instead of letting time pass</label>
            </div>
            <Pins trial={trial} onTry={(next) => void run(next)} />
            <button type="button" className="main" aria-disabled={isBusy} onClick={() => void run()}>
                {isBusy ? "Trying …" : "Try it"}
            </button>
            {error && <p className="danger" role="alert">{error}</p>}
            {tried && (
                <>
                    {triedOf !== definition && <p className="warning">The draft has changed since: this is what it did before.</p>}
                    <h3>{endInWords(tried)}</h3>
                    {tried.place && <p className="help">At {nameOf(tried.place)}</p>}
                    <Steps tried={tried} trial={trial} onTry={(next) => void run(next)} />
                </>
            )}
            <Cases trial={trial} tried={tried} onLoad={(next) => void run(next)} />
        </section>
    )

    function nameOf(id: string): string {
        const node = nodeOf(definition, id)
        return node ? titleOf(node, kinds) : id
    }
}
