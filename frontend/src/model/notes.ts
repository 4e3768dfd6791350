// Notes: what is written beside the nodes.

import {
    NOTE_COLOR,
    noteOf,
    notesOf,
    positionOf,
    sizeOfNote,
    sizeWithin,
    type Color,
    type Definition,
    type Note,
    type Size,
    type Where,
} from "./definition"
import { freshId, type Chance } from "./ids"
import { LONGEST } from "./limits"
import { rounded } from "./places"

export const MAX_TEXT = LONGEST.text

/** Make a note, which is not added yet. */
export function noteMade(definition: Definition, at: Where, chance: Chance, text = ""): Note {
    const id = freshId("note", chance, (each) => noteOf(definition, each) !== undefined)
    return { id, text: text.slice(0, MAX_TEXT), position: rounded(at) }
}

export function noteAdded(definition: Definition, note: Note): Definition {
    return { ...definition, notes: [...notesOf(definition), note] }
}

/** Write something else, or in another colour. What is longer than may be is cut off. */
export function noteChanged(
    definition: Definition,
    id: string,
    { text, color }: { readonly text?: string; readonly color?: Color },
): Definition {
    return changed(definition, id, (note) => {
        const isWritten = text !== undefined && text.slice(0, MAX_TEXT) !== (note.text ?? "")
        const isColored = color !== undefined && color !== (note.color ?? NOTE_COLOR)
        if (!isWritten && !isColored) return note
        return { ...note, ...(isWritten && { text: text.slice(0, MAX_TEXT) }), ...(isColored && { color }) }
    })
}

/** Put notes where a map says. */
export function notesPlaced(definition: Definition, places: ReadonlyMap<string, Where>): Definition {
    const notes = notesOf(definition).map((note) => {
        const place = places.get(note.id)
        return place ? placed(note, place) : note
    })
    return withNotes(definition, notes)
}

/** Move notes by a distance. */
export function notesShifted(definition: Definition, ids: ReadonlySet<string>, by: Where): Definition {
    const moving = notesOf(definition).filter((note) => ids.has(note.id))
    const places = moving.map((note): [string, Where] => {
        const { x, y } = positionOf(note)
        return [note.id, { x: x + by.x, y: y + by.y }]
    })
    return notesPlaced(definition, new Map(places))
}

/** Make a note larger or smaller; where it is drawn by its upper or left side, it is elsewhere, too. */
export function noteSized(definition: Definition, id: string, size: Size, at?: Where): Definition {
    return changed(definition, id, (note) => {
        const before = sizeOfNote(note)
        const { width, height } = sizeWithin({ width: Math.round(size.width), height: Math.round(size.height) })
        const sized = before.width === width && before.height === height ? note : { ...note, size: { width, height } }
        return at ? placed(sized, at) : sized
    })
}

export function notesRemoved(definition: Definition, ids: ReadonlySet<string>): Definition {
    return withNotes(definition, notesOf(definition).filter((note) => !ids.has(note.id)))
}

function placed(note: Note, at: Where): Note {
    const [before, position] = [positionOf(note), rounded(at)]
    return before.x === position.x && before.y === position.y ? note : { ...note, position }
}

function changed(definition: Definition, id: string, change: (note: Note) => Note): Definition {
    return withNotes(definition, notesOf(definition).map((note) => (note.id === id ? change(note) : note)))
}

function withNotes(definition: Definition, notes: readonly Note[]): Definition {
    const before = notesOf(definition)
    const isSame = notes.length === before.length && notes.every((note, at) => note === before[at])
    return isSame ? definition : { ...definition, notes }
}
