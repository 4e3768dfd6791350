import { NodeResizer, type NodeProps } from "@xyflow/react"
import { memo } from "react"
import { noteName } from "../deeds/beside"
import { noteSized } from "../model/notes"
import { shownOf, useEditor, useIsEditable } from "../store/use_editor"
import { useBoard, useBoardState } from "./board"
import { noteElementId, type NoteNode } from "./beside_parts"
import { Markdown } from "./Markdown"
import { NameField } from "./NameField"

/** A note as it is drawn: what is written, on its colour; where it is selected, it is made larger by its corners. */
export const NoteCard = memo(function NoteCard({ data: { note, color }, selected }: NodeProps<NoteNode>) {
    const { store } = useEditor()
    const board = useBoard()
    const isWritten = useBoardState(({ renaming }) => renaming?.of === "note" && renaming.id === note.id)
    const isEditable = useIsEditable()
    return (
        <div
            id={noteElementId(note.id)}
            className="note"
            role="group"
            aria-roledescription="note"
            aria-label={noteName(shownOf(store.state), note.id)}
            data-color={color}
            onDoubleClick={() => isEditable && board.set({ renaming: { of: "note", id: note.id } })}
        >
            <NodeResizer
                isVisible={selected && isEditable}
                minWidth={80}
                minHeight={40}
                onResizeEnd={(_event, { x, y, width, height }) =>
                    store.act({ label: "Make a note larger or smaller" }, (before) =>
                        noteSized(before, note.id, { width, height }, { x, y }),
                    )
                }
            />
            {isWritten ? (
                <NameField thing={{ of: "note", id: note.id }} text={note.text ?? ""} />
            ) : (
                <div className="note-text">
                    <Markdown text={note.text || (isEditable ? "Double-click, or F2, to write." : "")} />
                </div>
            )}
        </div>
    )
})
