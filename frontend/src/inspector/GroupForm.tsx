import { GROUP_COLOR, type Group } from "../model/definition"
import { groupChanged, groupLeft, ungrouped } from "../model/groups"
import { nameOf } from "../deeds/desk"
import { useEditor, useEditorState } from "../store/use_editor"
import { ColorField } from "./NoteForm"

const PAUSE_MS = 3_000

export function GroupForm({ group }: { readonly group: Group }) {
    const { store } = useEditor()
    const definition = useEditorState((state) => state.definition)
    const kinds = useEditorState((state) => state.kinds)
    const isDisabled = !store.isEditable
    return (
        <div onBlur={() => store.endGesture()}>
            <header className="inspector-head">
                <p className="kind">Group</p>
                <div className="field">
                    <label htmlFor="group-name">Name</label>
                    <input
                        id="group-name"
                        type="text"
                        maxLength={120}
                        value={group.name ?? ""}
                        disabled={isDisabled}
                        onChange={({ target }) =>
                            store.act({ label: "Name a group", key: `group ${group.id}`, pauseMs: PAUSE_MS }, (each) =>
                                groupChanged(each, group.id, { name: target.value }),
                            )
                        }
                    />
                </div>
            </header>
            <ColorField
                color={group.color ?? GROUP_COLOR}
                isDisabled={isDisabled}
                onChange={(color) =>
                    store.act({ label: "Colour a group" }, (each) => groupChanged(each, group.id, { color }))
                }
            />
            <fieldset className="field">
                <legend>Nodes in it</legend>
                <ul className="members">
                    {group.nodes.map((id) => (
                        <li key={id} className="row">
                            <button type="button" onClick={() => store.reveal(id)}>
                                {nameOf(definition, id, kinds)}
                            </button>
                            <button
                                type="button"
                                aria-label={`Take ${nameOf(definition, id, kinds)} out of the group`}
                                title="Take it out of the group"
                                disabled={isDisabled}
                                onClick={() =>
                                    store.act({ label: "Take a node out of the group" }, (each) => groupLeft(each, new Set([id])))
                                }
                            >
                                ×
                            </button>
                        </li>
                    ))}
                </ul>
                <p className="help">Drag a node over the frame to put it in.</p>
            </fieldset>
            <footer className="row">
                <button
                    type="button"
                    disabled={isDisabled}
                    onClick={() => store.act({ label: "Ungroup" }, (each) => ungrouped(each, new Set([group.id])))}
                >
                    Ungroup
                </button>
            </footer>
        </div>
    )
}
