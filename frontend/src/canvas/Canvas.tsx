// The drawing board: the flow as people draw it. What is drawn is the store's; only where a card is while it is dragged
// is kept by the drawing.

import { Background, ReactFlow, ReactFlowProvider, type ReactFlowInstance } from "@xyflow/react"
import "@xyflow/react/dist/base.css"
import "./canvas.css"
import "./beside.css"
import { useEffect, useMemo, useRef, useState } from "react"
import { thingOf } from "../deeds/beside"
import type { Definition } from "../model/definition"
import { shownOf, useEditor, useEditorState, useIsEditable } from "../store/use_editor"
import { useArranged } from "./arranged"
import { frameElementId, noteElementId } from "./beside_parts"
import { useBoard, useBoardState, type Point, type Thing } from "./board"
import { DrawnLine } from "./DrawnLine"
import { cardElementId, type WayEdge } from "./flow_parts"
import { GroupFrame } from "./GroupFrame"
import { handlersOf } from "./handlers"
import { NodeCard } from "./NodeCard"
import { NoteCard } from "./NoteCard"
import { Overview } from "./Overview"
import { useDrawn, type Drawn } from "./use_drawn"
import { FIT, useView } from "./use_view"
import { WayLine } from "./WayLine"

const NODE_TYPES = { card: NodeCard, note: NoteCard, frame: GroupFrame }
const EDGE_TYPES = { way: WayLine }
const SELECTION_KEYS = ["Meta", "Control", "Shift"]

export function Canvas() {
    const definition = useArranged(useEditorState(shownOf))
    if (!definition) return null
    return (
        <ReactFlowProvider>
            <Drawing definition={definition} />
        </ReactFlowProvider>
    )
}

function Drawing({ definition }: { readonly definition: Definition }) {
    const { store } = useEditor()
    const board = useBoard()
    const flow = useRef<ReactFlowInstance<Drawn, WayEdge> | null>(null)
    const wrapper = useRef<HTMLDivElement>(null)
    const pointer = useRef<Point | null>(null)
    const drawn = useDrawn(definition)
    const isEditable = useIsEditable()
    const active = useActive()
    const isDark = useIsDark()
    useView({ flow, wrapper, pointer })

    const handlers = useMemo(() => handlersOf({ store, board }, { flow, wrapper, pointer }), [store, board])

    return (
        <ReactFlow<Drawn, WayEdge>
            ref={wrapper}
            className="canvas"
            colorMode={isDark ? "dark" : "light"}
            tabIndex={0}
            aria-label="Drawing of the flow. Arrows go along it, Tab adds a node, question mark tells all keys, F6 leaves."
            aria-activedescendant={active?.element}
            data-active={active?.of}
            {...drawn}
            nodeTypes={NODE_TYPES}
            edgeTypes={EDGE_TYPES}
            {...handlers}
            connectionLineComponent={DrawnLine}
            connectionRadius={30}
            nodesDraggable={isEditable}
            nodesConnectable={isEditable}
            edgesReconnectable={isEditable}
            nodesFocusable={false}
            edgesFocusable={false}
            disableKeyboardA11y
            deleteKeyCode={null}
            panActivationKeyCode={null}
            multiSelectionKeyCode={SELECTION_KEYS}
            nodeDragThreshold={3}
            elevateNodesOnSelect={false}
            panOnScroll
            minZoom={0.1}
            maxZoom={2}
            snapToGrid
            snapGrid={GRID}
            fitView
            fitViewOptions={FIT}
        >
            <Background gap={20} />
            <Overview />
        </ReactFlow>
    )
}

const GRID: [number, number] = [10, 10]

/** Return what the selection is about, and its element in the page. */
function useActive(): { readonly of: Thing["of"]; readonly element: string } | null {
    const { store } = useEditor()
    const board = useBoard()
    useEditorState((state) => state.selection)
    useBoardState((state) => state.current)
    const thing = thingOf({ store, board })
    if (!thing) return null
    const elementId = { node: cardElementId, note: noteElementId, group: frameElementId }[thing.of]
    return { of: thing.of, element: elementId(thing.id) }
}

/** Whether the admin is shown dark: its root says so. */
function useIsDark(): boolean {
    const [isDark, setDark] = useState(() => document.documentElement.classList.contains("dark"))
    useEffect(() => {
        const root = document.documentElement
        const observer = new MutationObserver(() => setDark(root.classList.contains("dark")))
        observer.observe(root, { attributeFilter: ["class"] })
        return () => observer.disconnect()
    }, [])
    return isDark
}
