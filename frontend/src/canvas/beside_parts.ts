// Notes and groups as the parts that React Flow draws; one of which nothing has changed is the same object as before.

import type { Node as FlowNode } from "@xyflow/react"
import {
    GROUP_COLOR,
    NOTE_COLOR,
    groupsOf,
    notesOf,
    positionOf,
    sizeOfNote,
    type Color,
    type Definition,
    type Note,
    type Size,
    type Where,
} from "../model/definition"
import { frameOf } from "../model/groups"
import type { SizeOf } from "../model/places"
import type { Selection } from "../store/editor_store"

export type NoteData = { readonly note: Note; readonly color: Color }
export type FrameData = { readonly id: string; readonly name: string; readonly color: Color; readonly n: number }
export type NoteNode = FlowNode<NoteData, "note">
export type FrameNode = FlowNode<FrameData, "frame">

/** Ids in the drawing, and in the page; those of nodes have no such beginning. */
export const [NOTE, FRAME] = ["note ", "frame "]

export function noteElementId(id: string): string {
    return `note-${id}`
}

export function frameElementId(id: string): string {
    return `frame-${id}`
}

/** Return a note that is just made larger as it is drawn. */
export interface Sizing {
    readonly id: string
    readonly size: Size
    readonly at: Where
}

export function noteParts(
    definition: Definition,
    selection: Selection,
    sizing: Sizing | null,
    before: readonly NoteNode[],
): NoteNode[] {
    const known = new Map(before.map((part) => [part.id, part]))
    return notesOf(definition).map((note) => {
        const id = NOTE + note.id
        const old = known.get(id)
        const selected = selection.notes.has(note.id)
        if (sizing?.id !== note.id && old?.data.note === note && old.selected === selected) return old
        const size = sizing?.id === note.id ? sizing.size : sizeOfNote(note)
        const position = sizing?.id === note.id ? sizing.at : positionOf(note)
        const data = { note: sizing?.id === note.id ? { ...note } : note, color: note.color ?? NOTE_COLOR }
        return { id, type: "note", position, data, selected, ...size, measured: size, handles: [] }
    })
}

export function frameParts(
    definition: Definition,
    selection: Selection,
    sizeOf: SizeOf,
    before: readonly FrameNode[],
): FrameNode[] {
    const known = new Map(before.map((part) => [part.id, part]))
    return groupsOf(definition).map((group) => {
        const id = FRAME + group.id
        const { x, y, ...size } = frameOf(definition, group, sizeOf)
        const selected = selection.groups.has(group.id)
        const data = { id: group.id, name: group.name ?? "", color: group.color ?? GROUP_COLOR, n: group.nodes.length }
        const old = known.get(id)
        if (old && old.selected === selected && sameFrame(old, { x, y }, size, data)) return old
        return {
            id,
            type: "frame",
            position: { x, y },
            data,
            selected,
            ...size,
            measured: size,
            handles: [],
            dragHandle: ".frame-head",
            style: THROUGH,
        }
    })
}

/** What is in a group, and between its nodes, is to be reached: only its head is touched. */
const THROUGH = { pointerEvents: "none" } as const

function sameFrame({ position, measured, data: its }: FrameNode, at: Where, size: Size, data: FrameData): boolean {
    const isThere = position.x === at.x && position.y === at.y
    const isAsLarge = measured?.width === size.width && measured?.height === size.height
    return isThere && isAsLarge && its.name === data.name && its.color === data.color && its.n === data.n
}
