import { edgeKey, nodeOf, portOf, type Edge } from "../model/definition"
import { disconnected, edgeNamed } from "../model/gestures"
import { titleOf } from "../model/kinds"
import { problemsOf } from "../model/problems"
import { useEditor, useEditorState } from "../store/use_editor"
import { Problems } from "./NodeForm"

export function EdgeForm({ edge }: { readonly edge: Edge }) {
    const { store } = useEditor()
    const definition = useEditorState((state) => state.definition)
    const kinds = useEditorState((state) => state.kinds)
    const problems = useEditorState((state) => state.problems)
    const key = edgeKey(edge)
    const [source, target] = [nodeOf(definition, edge.from), nodeOf(definition, edge.to)]
    const isToJoin = target !== undefined && kinds.of(target.kind)?.is_join
    return (
        <>
            <header className="inspector-head">
                <p className="kind">Edge</p>
                <p>
                    {source ? titleOf(source, kinds) : edge.from} by “{portOf(edge)}” leads to{" "}
                    {target ? titleOf(target, kinds) : edge.to}.
                </p>
            </header>
            <Problems found={problemsOf(problems, "edge", key)} />
            {isToJoin && (
                <div className="field">
                    <label htmlFor="edge-name">Name by which the join knows what comes this way</label>
                    <input
                        id="edge-name"
                        type="text"
                        value={edge.name ?? ""}
                        placeholder={edge.from}
                        maxLength={100}
                        disabled={!store.isEditable}
                        onChange={(event) =>
                            store.act({ label: "Name an edge", key: `${key} name`, pauseMs: 3_000 }, (each) =>
                                edgeNamed(each, key, event.target.value),
                            )
                        }
                        onBlur={() => store.endGesture()}
                    />
                </div>
            )}
            <footer className="row">
                <button
                    type="button"
                    disabled={!store.isEditable}
                    onClick={() => store.act({ label: "Delete an edge" }, (each) => disconnected(each, [key]))}
                >
                    Delete
                </button>
            </footer>
        </>
    )
}
