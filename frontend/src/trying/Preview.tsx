// What one node would do for somebody, beside its form: texts are shown as they would be filled in.

import { useEffect, useState } from "react"
import type { NodePart } from "../model/definition"
import type { JsonObject } from "../model/json"
import { reasonOf } from "../publish/PublishDialog"
import { useEditor, useEditorState } from "../store/use_editor"
import { Message } from "./Message"
import { mistakesIn } from "./mistakes"
import { deedsOf, firstTrial, withTrial, type Step, type Tried } from "./trial"
import { WhoForm } from "./WhoForm"

const QUIET_MS = 800

export function Preview({ node }: { readonly node: NodePart }) {
    const [isOpen, setOpen] = useState(false)
    return (
        <details className="preview" onToggle={(event) => setOpen(event.currentTarget.open)}>
            <summary>Preview for somebody</summary>
            {isOpen && <Previewed node={node} />}
        </details>
    )
}

function Previewed({ node }: { readonly node: NodePart }) {
    const { api, store } = useEditor()
    const definition = useEditorState((state) => state.definition)
    const kinds = useEditorState((state) => state.kinds)
    const trying = useEditorState((state) => state.trying) ?? { trial: firstTrial(definition), tried: null, triedOf: null }
    const { trial } = trying
    const asked = JSON.stringify([node, { ...trial, node: "" }])
    const [step, setStep] = useState<Step | null>(null)
    const [error, setError] = useState("")
    useEffect(() => {
        const ended = new AbortController()
        const look = async () => {
            const body = { ...trial, node: node.id, waits: "stop", definition: store.state.definition }
            try {
                const { steps } = await api.ask<Tried>("POST", api.ofFlow("try"), body, ended.signal)
                setStep(steps.find((each) => each.node === node.id) ?? null)
                setError("")
            } catch (failure) {
                if (!ended.signal.aborted) setError(mistakesIn(failure, store.state) || reasonOf(failure))
            }
        }
        const timer = setTimeout(() => void look(), QUIET_MS)
        return () => {
            clearTimeout(timer)
            ended.abort()
        }
        // `asked` says all that the answer depends on.
    }, [api, store, node.id, asked])
    return (
        <>
            <WhoForm
                trial={trial}
                onChange={(next) => store.set({ trying: withTrial(trying, next) })}
            />
            {error && <p className="danger" role="alert">{error}</p>}
            {step && <Deeds step={step} portLabel={kinds.portLabelOf(node, step.port)} />}
        </>
    )
}

function Deeds({ step, portLabel }: { readonly step: Step; readonly portLabel: string }) {
    return (
        <div className="previewed" role="status">
            {step.error && <p className="danger">{step.error}</p>}
            {step.port && (
                <p>
                    They would leave by <b>{portLabel}</b>.
                </p>
            )}
            {Object.entries(step.conditions).map(([field, value]) => (
                <p key={field}>
                    {field}: <b>{value === null ? "unknown" : String(value)}</b>
                </p>
            ))}
            {deedsOf({ ...step, sent: [] }).map((deed) => (
                <p key={deed}>{deed}</p>
            ))}
            {step.sent.map((each, at) => (
                <Message key={at} request={each.request as JsonObject} />
            ))}
            {step.output !== null && <pre tabIndex={0}>{JSON.stringify(step.output, null, 2)}</pre>}
        </div>
    )
}
