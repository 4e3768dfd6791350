// What React Flow draws, and what becomes of its changes: of the flow nothing is another one before a gesture is over.

import type { EdgeChange, NodeChange } from "@xyflow/react"
import { useCallback, useMemo, useRef, useState } from "react"
import { drop, moved } from "../deeds/changing"
import type { Chosen } from "../deeds/desk"
import { groupsOf, nodeOf, noteOf, positionOf, sizeOfNote, type Definition, type Where } from "../model/definition"
import { frameOf, groupById } from "../model/groups"
import type { Kinds } from "../model/kinds"
import { useEditor, useEditorState, useShownProblems } from "../store/use_editor"
import { FRAME, NOTE, frameParts, noteParts, type FrameNode, type NoteNode, type Sizing } from "./beside_parts"
import { useBoard } from "./board"
import { partsOf, selectedOf, settled, type CardNode, type Parts, type WayEdge } from "./flow_parts"
import { middleOf, sizesOf } from "./sizes"

export type Drawn = CardNode | NoteNode | FrameNode

/** What is dragged just now, and how far. */
interface Dragged extends Chosen {
    readonly by: Where
}

export function useDrawn(definition: Definition) {
    const { store } = useEditor()
    const board = useBoard()
    const [dragged, setDragged] = useState<Dragged | null>(null)
    const [sizing, setSizing] = useState<Sizing | null>(null)
    const parts = useParts(definition)
    const { frames, notes } = useBeside(definition, dragged, sizing)
    const nodes = useMemo((): Drawn[] => {
        const { by, nodes: ids } = dragged ?? { by: { x: 0, y: 0 }, nodes: new Set() }
        const cards = parts.cards.map((card) => {
            if (!ids.has(card.id)) return card
            const { x, y } = card.position
            return { ...card, position: { x: x + by.x, y: y + by.y }, dragging: true }
        })
        return [...frames, ...notes, ...cards]
    }, [parts.cards, frames, notes, dragged])

    const onNodesChange = useCallback(
        (changes: NodeChange<Drawn>[]) => {
            select(store, board, changes)
            const found = sizingOf(changes, store.state.definition)
            if (found !== undefined) setSizing(found)
            const drag = draggedBy(changes, store.arrange(store.state.definition), store.state.kinds)
            if (!drag) return
            const dropGroup = groupUnder(store.arrange(store.state.definition), drag, store.state.kinds)
            const isOver = changes.some((change) => change.type === "position" && change.dragging === false)
            if (isOver) drop({ store, board }, drag, drag.by, dropGroup)
            setDragged(isOver ? null : drag)
            const shown = isOver ? null : dropGroup
            if (shown !== board.state.dropGroup) board.set({ dropGroup: shown })
        },
        [store, board],
    )
    const onEdgesChange = useCallback(
        (changes: EdgeChange<WayEdge>[]) => {
            const edges = selectionAfter(store.state.selection.edges, changes)
            if (edges) store.select({ ...store.state.selection, edges })
        },
        [store],
    )
    return { nodes, edges: parts.ways as WayEdge[], onNodesChange, onEdgesChange }
}

/** Return cards and edges; those of which nothing has changed are the same objects. */
function useParts(definition: Definition): Parts {
    const kinds = useEditorState((state) => state.kinds)
    const problems = useShownProblems()
    const summaries = useEditorState((state) => state.summaries)
    const selection = useEditorState((state) => state.selection)
    const badges = useEditorState((state) => state.badges)
    const edgeLabels = useEditorState((state) => state.edgeLabels)
    const path = useEditorState((state) => state.path)
    const before = useRef<Parts | null>(null)
    const selectedBefore = useRef<Parts | null>(null)
    const parts = useMemo(() => {
        const shown = { definition, kinds, problems, summaries, badges, edgeLabels, path, onBadge: null }
        before.current = partsOf(shown, before.current)
        return before.current
    }, [definition, kinds, problems, summaries, badges, edgeLabels, path])
    return useMemo(() => {
        selectedBefore.current = selectedOf(parts, selection, selectedBefore.current)
        return selectedBefore.current
    }, [parts, selection])
}

/** Return notes and frames; a frame goes along with what is dragged of its group. */
function useBeside(definition: Definition, dragged: Dragged | null, sizing: Sizing | null) {
    const kinds = useEditorState((state) => state.kinds)
    const selection = useEditorState((state) => state.selection)
    const before = useRef<{ notes: NoteNode[]; frames: FrameNode[] }>({ notes: [], frames: [] })
    return useMemo(() => {
        const drawn = dragged ? moved(definition, dragged, dragged.by) : definition
        const frames = frameParts(drawn, selection, sizesOf(definition, kinds), before.current.frames)
        const notes = noteParts(drawn, selection, sizing, before.current.notes)
        before.current = { notes: settled(notes, before.current.notes), frames: settled(frames, before.current.frames) }
        return before.current
    }, [definition, kinds, selection, dragged, sizing])
}

type Editing = ReturnType<typeof useEditor>["store"]

function select(store: Editing, board: ReturnType<typeof useBoard>, changes: readonly NodeChange<Drawn>[]): void {
    const ids = { nodes: new Map<string, boolean>(), notes: new Map<string, boolean>(), groups: new Map<string, boolean>() }
    for (const change of changes) {
        if (change.type !== "select") continue
        if (change.id.startsWith(NOTE)) ids.notes.set(change.id.slice(NOTE.length), change.selected)
        else if (change.id.startsWith(FRAME)) ids.groups.set(change.id.slice(FRAME.length), change.selected)
        else ids.nodes.set(change.id, change.selected)
    }
    if (!ids.nodes.size && !ids.notes.size && !ids.groups.size) return
    const { selection } = store.state
    const last = [...ids.nodes].findLast(([, isSelected]) => isSelected)
    if (last) board.set({ current: last[0], port: null, cameFrom: null })
    store.select({
        ...selection,
        nodes: after(selection.nodes, ids.nodes),
        notes: after(selection.notes, ids.notes),
        groups: after(selection.groups, ids.groups),
    })
}

function after(before: ReadonlySet<string>, changes: ReadonlyMap<string, boolean>): ReadonlySet<string> {
    const added = [...changes].filter(([, isSelected]) => isSelected).map(([id]) => id)
    return changes.size ? new Set([...before, ...added].filter((id) => changes.get(id) !== false)) : before
}

function selectionAfter(before: ReadonlySet<string>, changes: readonly EdgeChange<WayEdge>[]): ReadonlySet<string> | null {
    const selects = changes.flatMap((change): [string, boolean][] => {
        return change.type === "select" ? [[change.id, change.selected]] : []
    })
    return selects.length ? after(before, new Map(selects)) : null
}

/** Return what is dragged: all goes as far as the first; with a group, all that is in it. */
function draggedBy(changes: readonly NodeChange<Drawn>[], definition: Definition, kinds: Kinds): Dragged | null {
    const nodes = new Set<string>()
    const notes = new Set<string>()
    let by: Where | null = null
    for (const change of changes) {
        if (change.type !== "position" || change.dragging === undefined || !change.position) continue
        const { id, position } = change
        const group = id.startsWith(FRAME) ? groupById(definition, id.slice(FRAME.length)) : undefined
        const note = id.startsWith(NOTE) ? noteOf(definition, id.slice(NOTE.length)) : undefined
        const node = nodeOf(definition, id)
        const part = note ?? node
        const from = group ? frameOf(definition, group, sizesOf(definition, kinds)) : part && positionOf(part)
        if (!from) continue
        by ??= { x: position.x - from.x, y: position.y - from.y }
        if (note) notes.add(note.id)
        for (const each of group?.nodes ?? (node ? [node.id] : [])) nodes.add(each)
    }
    return by && { nodes, notes, by }
}

/** Return the group over which nodes of none of it are dragged: the first of them with its middle. */
function groupUnder(definition: Definition, dragged: Dragged, kinds: Kinds): string | null {
    const sizeOf = sizesOf(definition, kinds)
    const [first] = dragged.nodes
    const node = first === undefined ? undefined : nodeOf(definition, first)
    if (!node) return null
    const { x, y } = middleOf(node, sizeOf(node.id))
    const [left, top] = [x + dragged.by.x, y + dragged.by.y]
    const found = groupsOf(definition).find((group) => {
        if (group.nodes.some((id) => dragged.nodes.has(id))) return false
        const frame = frameOf(definition, group, sizeOf)
        return left > frame.x && left < frame.x + frame.width && top > frame.y && top < frame.y + frame.height
    })
    return found?.id ?? null
}

/** Return a note that is made larger; null: that is over; undefined: it is about something else. */
function sizingOf(changes: readonly NodeChange<Drawn>[], definition: Definition): Sizing | null | undefined {
    const change = changes.find((each) => each.type === "dimensions" && each.resizing !== undefined)
    if (change?.type !== "dimensions") return undefined
    const id = change.id.slice(NOTE.length)
    const note = noteOf(definition, id)
    if (!change.resizing || !note) return null
    const at = changes.find((each) => each.type === "position" && each.id === change.id)
    const position = at?.type === "position" ? at.position : undefined
    return { id, size: change.dimensions ?? sizeOfNote(note), at: position ?? positionOf(note) }
}
