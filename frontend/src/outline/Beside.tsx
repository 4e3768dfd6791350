import { NameField } from "../canvas/NameField"
import { useBoardState, useBoard } from "../canvas/board"
import { goToGroup, goToNote, groupName } from "../deeds/beside"
import { counted } from "../deeds/desk"
import { groupsOf } from "../model/definition"
import { notesTold } from "../model/outline"
import { shownOf, useEditor, useEditorState } from "../store/use_editor"

/** Notes and groups, below the nodes. */
export function Beside() {
    const { store } = useEditor()
    const board = useBoard()
    const definition = useEditorState(shownOf)
    const kinds = useEditorState((state) => state.kinds)
    const selection = useEditorState((state) => state.selection)
    const renaming = useBoardState((state) => state.renaming)
    const [notes, groups] = [notesTold(definition, kinds), groupsOf(definition)]
    return (
        <>
            {groups.length > 0 && (
                <section aria-label="Groups">
                    <h2>Groups</h2>
                    <ul>
                        {groups.map(({ id, name, nodes }) => (
                            <li key={id} id={`in-list-${id}`}>
                                {renaming?.of === "group" && renaming.id === id ? (
                                    <NameField thing={{ of: "group", id }} text={name ?? ""} />
                                ) : (
                                    <button type="button" aria-pressed={selection.groups.has(id)} onClick={() => goToGroup({ store, board }, id)}>
                                        {groupName(definition, id)}, {counted(nodes.length, "node")}
                                    </button>
                                )}
                            </li>
                        ))}
                    </ul>
                </section>
            )}
            {notes.length > 0 && (
                <section aria-label="Notes">
                    <h2>Notes</h2>
                    <ul>
                        {notes.map(({ id, text, near }) => (
                            <li key={id} id={`in-list-${id}`}>
                                {renaming?.of === "note" && renaming.id === id ? (
                                    <NameField thing={{ of: "note", id }} text={text} />
                                ) : (
                                    <button type="button" aria-pressed={selection.notes.has(id)} onClick={() => goToNote({ store, board }, id)}>
                                        {text || "Empty note"}
                                        {near && <small> beside {near.title}</small>}
                                    </button>
                                )}
                            </li>
                        ))}
                    </ul>
                </section>
            )}
        </>
    )
}
