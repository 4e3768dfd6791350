// What the mouse does on the drawing. They are the same functions all the time: React Flow draws all anew with another one.

import type { Connection, Node, OnConnectEnd, ReactFlowInstance } from "@xyflow/react"
import type { DragEvent, MouseEvent, PointerEvent } from "react"
import { add, cornerOf } from "../deeds/adding"
import { connect, reconnect } from "../deeds/connecting"
import type { Desk } from "../deeds/desk"
import type { Edge } from "../model/definition"
import { refusal } from "../model/gestures"
import { KIND_TYPE } from "../palette/dragging"
import { FRAME, NOTE } from "./beside_parts"
import type { Point } from "./board"
import type { WayEdge } from "./flow_parts"
import { CARD_HEIGHT } from "./sizes"
import type { Drawn } from "./use_drawn"
import { fitIn } from "./use_view"

type Flow = ReactFlowInstance<Drawn, WayEdge>

interface Refs {
    readonly flow: { current: Flow | null }
    readonly wrapper: { readonly current: HTMLElement | null }
    /** Where the pointer is on the drawing, or was last. */
    readonly pointer: { current: Point | null }
}

export function handlersOf(desk: Desk, refs: Refs) {
    const focus = () => desk.board.view?.focus()
    return {
        ...connecting(desk, refs),
        ...dropping(desk, refs),
        ...menus(desk),
        onInit: (flow: Flow) => {
            refs.flow.current = flow
            // The map is there only now.
            void flow.fitView(fitIn(refs.wrapper.current))
        },
        onNodeClick: focus,
        onEdgeClick: focus,
        onPaneClick: focus,
        onNodeDoubleClick: (_event: MouseEvent, node: Node) => {
            if (node.type === "card") document.getElementById("inspector")?.focus()
        },
        onPointerMove: (event: PointerEvent) => {
            refs.pointer.current = { x: event.clientX, y: event.clientY }
        },
    }
}

/** Draw connections, as far as they are allowed; one that is let go on nothing leads to a new node there. */
function connecting(desk: Desk, { flow }: Refs) {
    const { store, board } = desk
    const onConnectEnd: OnConnectEnd = (event, end) => {
        if (end.isValid || !end.fromHandle || !end.fromNode || end.fromHandle.type !== "source") return
        const point = pointOf(event)
        const under = document.elementFromPoint(point.x, point.y)
        const [id, port] = [end.fromNode.id, end.fromHandle.id ?? "out"]
        const to = under?.closest<HTMLElement>(".react-flow__node-card")?.dataset.id
        if (to !== undefined) return void (to !== id && connect(desk, { from: id, port, to }))
        if (!under?.closest(".react-flow__pane") || !flow.current) return
        const { x, y } = cornerOf(flow.current.screenToFlowPosition(point))
        board.set({ adding: { place: { is: "behind", id, port, at: { x, y: y + CARD_HEIGHT / 2 } }, point } })
    }
    return {
        onConnectEnd,
        onConnect: (drawn: Connection) => void connect(desk, edgeOf(drawn)),
        onReconnect: (old: WayEdge, drawn: Connection) => void reconnect(desk, old.id, edgeOf(drawn)),
        isValidConnection: (drawn: Connection | WayEdge) => {
            return refusal(store.state.definition, edgeOf(drawn), store.state.kinds) === ""
        },
    }
}

/** Let nodes of the palette fall where they are let go, or onto an edge. */
function dropping(desk: Desk, { flow }: Refs) {
    const { store, board } = desk
    return {
        onDragOver: (event: DragEvent) => {
            if (!store.isEditable || !event.dataTransfer.types.includes(KIND_TYPE)) return
            event.preventDefault()
            event.dataTransfer.dropEffect = "copy"
            const dropEdge = edgeUnder(event)
            if (dropEdge !== board.state.dropEdge) board.set({ dropEdge })
        },
        onDragLeave: () => {
            if (board.state.dropEdge !== null) board.set({ dropEdge: null })
        },
        onDrop: (event: DragEvent) => {
            const kind = event.dataTransfer.getData(KIND_TYPE)
            if (!kind || !flow.current) return
            event.preventDefault()
            const key = edgeUnder(event)
            const at = cornerOf(flow.current.screenToFlowPosition({ x: event.clientX, y: event.clientY }))
            add(desk, kind, key === null ? { is: "free", at } : { is: "edge", key })
            board.set({ dropEdge: null })
            board.view?.focus()
        },
    }
}

/** Open the menu: about all that is selected, or else about what was clicked. */
function menus({ store, board }: Desk) {
    const open = (event: globalThis.MouseEvent | MouseEvent) => {
        event.preventDefault()
        board.set({ menu: { x: event.clientX, y: event.clientY } })
    }
    const select = (id: string) => {
        const { nodes, notes, groups } = store.state.selection
        const [note, group] = [id.slice(NOTE.length), id.slice(FRAME.length)]
        if (id.startsWith(NOTE)) return notes.has(note) || store.select({ notes: new Set([note]) })
        if (id.startsWith(FRAME)) return groups.has(group) || store.select({ groups: new Set([group]) })
        board.set({ current: id, port: null })
        return nodes.has(id) || store.select({ nodes: new Set([id]) })
    }
    return {
        onNodeContextMenu: (event: MouseEvent, node: Node) => {
            select(node.id)
            open(event)
        },
        onEdgeContextMenu: (event: MouseEvent, edge: WayEdge) => {
            store.select({ edges: new Set([edge.id]) })
            open(event)
        },
        onPaneContextMenu: (event: globalThis.MouseEvent | MouseEvent) => {
            store.select({})
            board.set({ current: null, port: null })
            open(event)
        },
    }
}

function edgeOf(drawn: Connection | WayEdge): Edge {
    return { from: drawn.source, port: drawn.sourceHandle ?? "out", to: drawn.target }
}

function edgeUnder(event: DragEvent): string | null {
    for (const element of document.elementsFromPoint(event.clientX, event.clientY)) {
        const edge = element.closest<HTMLElement>(".react-flow__edge")
        if (edge) return edge.dataset.id ?? null
    }
    return null
}

function pointOf(event: globalThis.MouseEvent | TouchEvent): Point {
    const at = "changedTouches" in event ? event.changedTouches[0] : event
    return { x: at?.clientX ?? 0, y: at?.clientY ?? 0 }
}
