import { START, isDisabled as isNodeDisabled, type NodePart } from "../model/definition"
import { own } from "../model/json"
import { canBeDisabled, toggled } from "../model/disabling"
import { onError, removed, renamed, retried, withSettings } from "../model/gestures"
import { titleOf } from "../model/kinds"
import { problemsOf, problemsOfSetting, type Placed } from "../model/problems"
import { Field, Form, type Problem } from "../forms/Form"
import { fieldsOf } from "../forms/schema"
import { useEditor, useEditorState, useShownProblems } from "../store/use_editor"
import { Preview } from "../trying/Preview"
import { Help } from "./Help"

const PAUSE_MS = 3_000

export function NodeForm({ node }: { readonly node: NodePart }) {
    const { store } = useEditor()
    const kinds = useEditorState((state) => state.kinds)
    const problems = useShownProblems()
    const kind = kinds.of(node.kind)
    const isDisabled = !store.isEditable
    const isPassed = isNodeDisabled(node)
    const title = titleOf(node, kinds)
    const own = problemsOf(problems, "node", node.id).filter(({ place }) => place.of === "node" && place.setting === "")
    const act = (label: string, field: string, make: Parameters<typeof store.act>[1]) =>
        store.act({ label, key: `${node.id} ${field}`, pauseMs: PAUSE_MS }, make)
    return (
        <>
            <header className="inspector-head">
                <p className="kind">{kind?.title ?? node.kind}</p>
                <div className="field">
                    <label htmlFor="node-name">Name</label>
                    <input
                        id="node-name"
                        type="text"
                        value={node.name ?? ""}
                        placeholder={kind?.title}
                        disabled={isDisabled}
                        maxLength={120}
                        onChange={(event) =>
                            act(`Rename ${title}`, "name", (each) => renamed(each, node.id, event.target.value))
                        }
                        onBlur={() => store.endGesture()}
                    />
                </div>
                {canBeDisabled(node, kinds) && (
                    <label className="choice">
                        <input
                            type="checkbox"
                            checked={isPassed}
                            disabled={isDisabled}
                            onChange={() =>
                                store.act({ label: `${isPassed ? "Enable" : "Disable"} ${title}` }, (each) =>
                                    toggled(each, new Set([node.id]), kinds),
                                )
                            }
                        />
                        Disabled: people pass it, and nothing happens
                    </label>
                )}
            </header>
            {kind ? (
                <>
                    <Problems found={own} />
                    <Form
                        schema={kind.schema}
                        value={node.settings ?? {}}
                        problems={problemsOfForm(problems, node.id, Object.keys(kind.schema.properties ?? {}))}
                        isDisabled={isDisabled}
                        onChange={(settings, path) =>
                            act(`Change ${title}`, path, (each) => withSettings(each, node.id, settings, kinds))
                        }
                        onLeave={() => store.endGesture()}
                    />
                    <Help title={kind.title} about={kind.about} help={kind.help} effects={kind.effects_told} />
                    {store.mayChange && <Preview node={node} />}
                    <Failing node={node} isDisabled={isDisabled} />
                </>
            ) : (
                <p className="danger">
                    There is no kind of node {node.kind} here. It stays as it is; the flow cannot be published with it.
                </p>
            )}
            <footer className="row">
                <code className="help" title="By this id runs and figures know the node">
                    {node.id}
                </code>
                {node.kind !== START && (
                    <button
                        type="button"
                        disabled={isDisabled}
                        onClick={() => store.act({ label: `Delete ${title}` }, (each) => removed(each, new Set([node.id])))}
                    >
                        Delete
                    </button>
                )}
            </footer>
        </>
    )
}

/** What becomes of people when the node fails; where an edge leads on from its port `error`, they go there. */
function Failing({ node, isDisabled }: { readonly node: NodePart; readonly isDisabled: boolean }) {
    const { store } = useEditor()
    const kinds = useEditorState((state) => state.kinds)
    if (!kinds.portsOf(node)?.includes("error")) return null
    const retry = fieldsOf(kinds.catalogue.retry.schema)
    return (
        <details className="failing">
            <summary>If it fails</summary>
            {retry.map((field) => (
                <Field
                    key={field.name}
                    field={field}
                    value={own(node.retry ?? {}, field.name)}
                    problems={[]}
                    isDisabled={isDisabled}
                    onChange={(value) =>
                        store.act({ label: "Change retries", key: `${node.id} retry`, pauseMs: PAUSE_MS }, (each) =>
                            retried(each, node.id, { ...node.retry, [field.name]: value }),
                        )
                    }
                    onLeave={() => store.endGesture()}
                />
            ))}
            <div className="field">
                <label htmlFor="on-error">After the last try, where nothing leads on from “error”</label>
                <select
                    id="on-error"
                    value={node.on_error ?? "fail"}
                    disabled={isDisabled}
                    onChange={(event) =>
                        store.act({ label: "Change what a failure does" }, (each) =>
                            onError(each, node.id, event.target.value === "continue" ? "continue" : "fail"),
                        )
                    }
                >
                    <option value="fail">the run fails</option>
                    <option value="continue">they go on by the usual port</option>
                </select>
            </div>
        </details>
    )
}

export function Problems({ found }: { readonly found: readonly Placed[] }) {
    if (!found.length) return null
    return (
        <ul className="problems-of-field">
            {found.map(({ problem }) => (
                <li key={problem.message} className={problem.is_warning ? "warning" : "danger"}>
                    {problem.message}
                </li>
            ))}
        </ul>
    )
}

function problemsOfForm(found: readonly Placed[], id: string, names: readonly string[]): readonly Problem[] {
    return names.flatMap((name) =>
        problemsOfSetting(found, id, name).map(({ problem, place }) => ({
            path: place.of === "node" ? place.setting : "",
            message: problem.message,
            isWarning: problem.is_warning,
        })),
    )
}
