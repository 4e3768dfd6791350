// The flow as a list: what a screen reader tells of it, and what small windows have room for. All keys mean the same as on
// the drawing; up and down go row by row.

import { useMemo, useRef } from "react"
import { useArranged } from "../canvas/arranged"
import { useBoard, useBoardState } from "../canvas/board"
import { outlineOf, type Item } from "../model/outline"
import { currentOf } from "../canvas/board"
import { shownOf, useEditorState, useShownProblems } from "../store/use_editor"
import { Beside } from "./Beside"
import { NodeRow, rowElementId } from "./NodeRow"
import { useListView } from "./use_list_view"
import "./outline.css"

export function Outline() {
    const definition = useEditorState(shownOf)
    const kinds = useEditorState((state) => state.kinds)
    const problems = useShownProblems()
    const items = useMemo(() => outlineOf(definition, kinds, problems), [definition, kinds, problems])
    const list = useRef<HTMLDivElement>(null)
    useArranged(definition)
    useListView(list)
    return (
        <div ref={list} className="flow-list">
            <Grid items={items} />
            <Beside />
        </div>
    )
}

function Grid({ items }: { readonly items: readonly Item[] }) {
    const board = useBoard()
    const definition = useEditorState(shownOf)
    const selection = useEditorState((state) => state.selection)
    useBoardState((state) => state.current)
    const current = currentOf(board.state, selection, definition)
    return (
        <div
            className="outline-grid"
            role="grid"
            tabIndex={0}
            aria-multiselectable="true"
            aria-label="Steps of the flow. Up and down go from row to row, right along the connection, A adds a node, question mark tells all keys."
            aria-rowcount={items.length + 1}
            aria-activedescendant={current === null ? undefined : rowElementId(current)}
        >
            <div role="row" className="outline-head" aria-rowindex={1}>
                {["Step", "Node", "Leads to", "More"].map((title) => (
                    <span key={title} role="columnheader">
                        {title}
                    </span>
                ))}
            </div>
            {items.map((item, at) => (
                <NodeRow
                    key={item.id}
                    item={item}
                    number={at + 2}
                    isSelected={selection.nodes.has(item.id)}
                    isCurrent={item.id === current}
                />
            ))}
        </div>
    )
}
