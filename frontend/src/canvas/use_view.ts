// What keys and panels ask of the drawing as long as it is there: to zoom, to show something, to say where it is.

import type { FitViewOptions, ReactFlowInstance } from "@xyflow/react"
import { useEffect, type RefObject } from "react"
import { edgeKey, nodeOf, noteOf, positionOf, sizeOfNote, type Definition, type Where } from "../model/definition"
import { frameOf, groupById } from "../model/groups"
import type { Kinds } from "../model/kinds"
import { shownOf, useEditor, useEditorState } from "../store/use_editor"
import { useBoard, type Point, type View } from "./board"
import type { WayEdge } from "./flow_parts"
import { middleOf, sizesOf } from "./sizes"
import type { Drawn } from "./use_drawn"

export const FIT = { padding: 0.15, maxZoom: 1 } as const
/** So far from the sides of the drawing is the middle of what is shown. */
const ROOM = { across: 150, down: 90 }
/** Between the map and what is drawn. */
const MARGIN = 20
/** Smaller than that nobody reads it. */
const LEAST_ZOOM = 0.4

type Flow = ReactFlowInstance<Drawn, WayEdge>

interface Refs {
    readonly flow: RefObject<Flow | null>
    readonly wrapper: RefObject<HTMLDivElement | null>
    /** Where the pointer is on the drawing, or was last. */
    readonly pointer: RefObject<Point | null>
}

export function useView({ flow, wrapper, pointer }: Refs): void {
    const { store } = useEditor()
    const board = useBoard()
    useEffect(() => {
        const rect = () => wrapper.current?.getBoundingClientRect() ?? new DOMRect()
        const middle = (id: string) => middleIn(store.arrange(shownOf(store.state)), id, store.state.kinds)
        const view: View = {
            zoom: (by) => {
                const duration = pace()
                if (by === "in") void flow.current?.zoomIn({ duration })
                if (by === "out") void flow.current?.zoomOut({ duration })
                if (by === "whole") void flow.current?.zoomTo(1, { duration })
                // What was changed just now is drawn first.
                if (by === "fit") requestAnimationFrame(() => void flow.current?.fitView({ ...fitIn(wrapper.current), duration }))
            },
            show: (id) => {
                const at = middle(id)
                if (at && flow.current) bringIntoView(flow.current, at, rect(), mapIn(wrapper.current))
            },
            target: () => {
                const point = pointer.current ?? partOf(rect())
                return flow.current?.screenToFlowPosition(point, { snapToGrid: true }) ?? { x: 0, y: 0 }
            },
            pointOf: (id) => {
                const at = middle(id)
                if (!at || !flow.current) return partOf(rect())
                const { left, top, width, height } = rect()
                const { x, y } = flow.current.flowToScreenPosition({ x: at.x, y: at.y + 45 })
                return { x: clamped(x, left, left + width), y: clamped(y, top, top + height) }
            },
            focus: () => wrapper.current?.focus({ preventScroll: true }),
        }
        board.view = view
        return () => {
            if (board.view === view) board.view = null
        }
    }, [store, board, flow, wrapper, pointer])
}

/** Bring into view what panels ask for, be it on the drawing or in the list. */
export function useRevealed(): void {
    const board = useBoard()
    const revealed = useEditorState((state) => state.revealed)
    useEffect(() => {
        if (!revealed) return
        board.set({ current: revealed.id, port: null, cameFrom: null })
        board.view?.show(revealed.id)
    }, [board, revealed])
}

/** Return where the map lies, if it is shown. */
function mapIn(wrapper: HTMLElement | null): DOMRect | undefined {
    return wrapper?.querySelector(".react-flow__minimap")?.getBoundingClientRect()
}

/** Say how all is shown, beside the map. */
export function fitIn(wrapper: HTMLElement | null): FitViewOptions<Drawn> {
    const map = mapIn(wrapper)
    if (!wrapper || !map) return FIT
    const right = wrapper.getBoundingClientRect().right - map.left + MARGIN
    return { ...FIT, padding: { x: FIT.padding, y: FIT.padding, right: `${Math.round(right)}px` } }
}

/** Pan no farther than is needed, unless all is too small to be read. */
function bringIntoView(flow: Flow, at: Where, { left, right, top, bottom }: DOMRect, map: DOMRect | undefined): void {
    if (flow.getZoom() < LEAST_ZOOM) return void flow.setCenter(at.x, at.y, { zoom: LEAST_ZOOM, duration: pace() })
    const place = flow.flowToScreenPosition(at)
    const isBesideMap = !map || place.x < map.left - ROOM.across
    const low = isBesideMap ? bottom : map.top
    const x = clamped(place.x, left + ROOM.across, Math.max(left + ROOM.across, right - ROOM.across)) - place.x
    const y = clamped(place.y, top + ROOM.down, Math.max(top + ROOM.down, low - ROOM.down)) - place.y
    const before = flow.getViewport()
    if (x || y) void flow.setViewport({ ...before, x: before.x + x, y: before.y + y }, { duration: pace() })
}

/** Return the middle of a node, a note, a group or an edge. */
function middleIn(definition: Definition, id: string, kinds: Kinds): Where | null {
    const sizeOf = sizesOf(definition, kinds)
    const edge = definition.edges.find((each) => edgeKey(each) === id)
    const ends = (edge ? [edge.from, edge.to] : [id]).flatMap((each) => {
        const node = nodeOf(definition, each)
        return node ? [middleOf(node, sizeOf(each))] : []
    })
    const [first, last] = [ends[0], ends.at(-1)]
    if (first && last) return { x: (first.x + last.x) / 2, y: (first.y + last.y) / 2 }
    const [note, group] = [noteOf(definition, id), groupById(definition, id)]
    const box = note ? { ...positionOf(note), ...sizeOfNote(note) } : group && frameOf(definition, group, sizeOf)
    return box ? { x: box.x + box.width / 2, y: box.y + box.height / 2 } : null
}

function partOf({ left, top, width, height }: DOMRect): Point {
    return { x: left + width / 2, y: top + height / 3 }
}

function clamped(value: number, low: number, high: number): number {
    return Math.min(Math.max(value, low), high)
}

/** How long a movement of the view takes, in milliseconds. */
function pace(): number {
    return window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200
}
