// What happened at each node of a trial.

import { nodeOf } from "../model/definition"
import type { Json, JsonObject } from "../model/json"
import { titleOf } from "../model/kinds"
import { useEditor, useEditorState } from "../store/use_editor"
import { Message } from "./Message"
import { answered, deedsOf, pinned, waitInWords, type Step, type Trial, type Tried } from "./trial"

interface Props {
    readonly tried: Tried
    readonly trial: Trial
    /** Try it again, with something else taken for granted. */
    readonly onTry: (trial: Trial) => void
}

export function Steps({ tried, trial, onTry }: Props) {
    return (
        <ol className="steps">
            {tried.steps.map((step, at) => (
                <li key={at}>
                    <StepTold step={step} trial={trial} onTry={onTry} />
                </li>
            ))}
        </ol>
    )
}

function StepTold({ step, trial, onTry }: { readonly step: Step } & Omit<Props, "tried">) {
    const { store } = useEditor()
    const kinds = useEditorState((state) => state.kinds)
    const node = nodeOf(store.state.definition, step.node)
    const title = node ? titleOf(node, kinds) : step.node
    const wait = waitInWords(step)
    return (
        <details className="step" onToggle={(event) => event.currentTarget.open && store.reveal(step.node)}>
            <summary>
                <b>{title}</b>
                {step.visit > 1 && ` (visit ${step.visit})`} {step.port && <span className="port">{kinds.portLabelOf(node, step.port)}</span>}
                {step.is_pinned && <span className="tag"> pinned</span>}
                {step.error && <span className="danger"> failed</span>}
            </summary>
            <p className="help">
                {new Date(step.at).toLocaleString()}, {(step.took_us / 1_000).toFixed(1)} ms
            </p>
            {step.error && <p className="danger">{step.error}</p>}
            {deedsOf(step).map((deed) => (
                <p key={deed}>{deed}</p>
            ))}
            {wait && (
                <>
                    <p>{wait}</p>
                    <Answers step={step} trial={trial} onTry={onTry} />
                </>
            )}
            {Object.entries(step.conditions).map(([field, value]) => (
                <p key={field}>
                    {field}: <b>{value === null ? "unknown" : String(value)}</b>
                </p>
            ))}
            {step.sent.map((each, nth) => (
                <Message key={nth} request={each.request as JsonObject} />
            ))}
            <Value title="Input" value={step.input} />
            <Value title="Output" value={step.output} />
            <Value title="Sets in memory" value={Object.keys(step.memory).length ? step.memory : null} />
            <Value title="Tells" value={Object.keys(step.noted).length ? step.noted : null} />
            {step.port && (
                <button type="button" onClick={() => onTry(pinned(trial, step))}>
                    {step.is_pinned ? "Ask the node again" : "Pin this: do not ask the node again"}
                </button>
            )}
        </details>
    )
}

/** What happens to whoever waits here. */
function Answers({ step, trial, onTry }: { readonly step: Step } & Omit<Props, "tried">) {
    const said = trial.answers?.find((each) => each.node === step.node)
    const [event] = step.wait?.events ?? []
    return (
        <p className="row">
            <button type="button" aria-pressed={said?.is_skipped === true} onClick={() => onTry(answered(trial, step.node, { is_skipped: true }))}>
                Skip it
            </button>
            {event && event.type !== "*" && (
                <button
                    type="button"
                    aria-pressed={said?.event !== undefined}
                    onClick={() => onTry(answered(trial, step.node, { event: { type: event.type, properties: trial.event?.properties ?? {} } }))}
                >
                    Let {event.type} come
                </button>
            )}
            {step.wait?.delivery && (
                <button
                    type="button"
                    aria-pressed={said?.delivery !== undefined}
                    onClick={() => onTry(answered(trial, step.node, { delivery: { outcome: "refused", error: "It was refused." } }))}
                >
                    Let it be refused
                </button>
            )}
            <button type="button" aria-pressed={said === undefined} onClick={() => onTry(answered(trial, step.node, null))}>
                Let time pass
            </button>
        </p>
    )
}

function Value({ title, value }: { readonly title: string; readonly value: Json }) {
    if (value === null) return null
    return (
        <details>
            <summary>{title}</summary>
            <pre tabIndex={0}>{JSON.stringify(value, null, 2)}</pre>
        </details>
    )
}
