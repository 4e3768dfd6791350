import { COLORS, NOTE_COLOR, sizeOfNote, type Color, type Note } from "../model/definition"
import { MAX_TEXT, noteChanged, noteSized, notesRemoved } from "../model/notes"
import { useEditor } from "../store/use_editor"

const PAUSE_MS = 3_000

export function NoteForm({ note }: { readonly note: Note }) {
    const { store } = useEditor()
    const isDisabled = !store.isEditable
    const size = sizeOfNote(note)
    const act = (label: string, field: string, make: Parameters<typeof store.act>[1]) =>
        store.act({ label, key: `note ${note.id} ${field}`, pauseMs: PAUSE_MS }, make)
    const sized = (side: "width" | "height", value: string) => {
        const length = Number(value)
        if (length) act("Make a note larger or smaller", side, (each) => noteSized(each, note.id, { ...size, [side]: length }))
    }
    return (
        <div onBlur={() => store.endGesture()}>
            <header className="inspector-head">
                <p className="kind">Note</p>
            </header>
            <div className="field">
                <label htmlFor="note-text">Text</label>
                <textarea
                    id="note-text"
                    rows={8}
                    maxLength={MAX_TEXT}
                    value={note.text ?? ""}
                    disabled={isDisabled}
                    aria-describedby="note-text-help"
                    onChange={({ target }) => act("Write a note", "text", (each) => noteChanged(each, note.id, { text: target.value }))}
                />
                <p id="note-text-help" className="help">
                    # begins a heading, - an item of a list; **two stars** make words bold.
                </p>
            </div>
            <ColorField
                color={note.color ?? NOTE_COLOR}
                isDisabled={isDisabled}
                onChange={(color) => act("Colour a note", "color", (each) => noteChanged(each, note.id, { color }))}
            />
            <fieldset className="field row">
                <legend>Width and height in pixels</legend>
                {(["width", "height"] as const).map((side) => (
                    <input
                        key={side}
                        type="number"
                        aria-label={side === "width" ? "Width" : "Height"}
                        min={40}
                        max={4000}
                        step={10}
                        value={size[side]}
                        disabled={isDisabled}
                        onChange={({ target }) => sized(side, target.value)}
                    />
                ))}
            </fieldset>
            <footer className="row">
                <button
                    type="button"
                    disabled={isDisabled}
                    onClick={() => store.act({ label: "Delete a note" }, (each) => notesRemoved(each, new Set([note.id])))}
                >
                    Delete
                </button>
            </footer>
        </div>
    )
}

interface ColorProps {
    readonly color: Color
    readonly isDisabled: boolean
    readonly onChange: (color: Color) => void
}

export function ColorField({ color, isDisabled, onChange }: ColorProps) {
    return (
        <fieldset className="field colors">
            <legend>Colour</legend>
            {COLORS.map((each) => (
                <label key={each} title={each} data-color={each}>
                    <input
                        type="radio"
                        name="color"
                        aria-label={each}
                        checked={each === color}
                        disabled={isDisabled}
                        onChange={() => onChange(each)}
                    />
                </label>
            ))}
        </fieldset>
    )
}
