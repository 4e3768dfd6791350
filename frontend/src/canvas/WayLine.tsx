// An edge as it is drawn: whence, where to, and in its middle a place for another node.

import { BaseEdge, EdgeLabelRenderer, getSmoothStepPath, type EdgeProps } from "@xyflow/react"
import { memo, useState } from "react"
import { useIsEditable } from "../store/use_editor"
import { useBoard, useBoardState } from "./board"
import type { WayEdge } from "./flow_parts"
import { lanePath } from "./lanes"

export const WayLine = memo(function WayLine(props: EdgeProps<WayEdge>) {
    const { id, data, selected, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition } = props
    const board = useBoard()
    const isDropped = useBoardState((state) => state.dropEdge === id)
    const isEditable = useIsEditable()
    const [isOver, setOver] = useState(false)
    const ends = { sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition }
    const lane = data?.lane ?? null
    const [path, x, y] =
        lane === null
            ? getSmoothStepPath({ ...ends, borderRadius: 10 })
            : lanePath({ x: sourceX, y: sourceY }, { x: targetX, y: targetY }, lane)
    const hasPlus = isEditable && (isOver || selected)
    return (
        <g
            className="way"
            data-path={data?.isOnPath || undefined}
            data-idle={data?.isIdle || undefined}
            data-drop={isDropped || undefined}
            data-mark={data?.mark ? (data.mark.isWarning ? "warning" : "problem") : undefined}
            onPointerEnter={() => setOver(true)}
            onPointerLeave={() => setOver(false)}
        >
            <BaseEdge path={path} interactionWidth={24} {...(props.markerEnd && { markerEnd: props.markerEnd })} />
            {(hasPlus || data?.label || data?.mark) && (
                <EdgeLabelRenderer>
                    <div
                        className="way-middle nodrag nopan"
                        style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
                    >
                        {data?.mark && (
                            <span className="card-mark" title={data.mark.text}>
                                {data.mark.isWarning ? "?" : "!"}
                            </span>
                        )}
                        {data?.label && (
                            <span className="way-label" title={data.title}>
                                {data.label}
                            </span>
                        )}
                        {hasPlus && (
                            <button
                                type="button"
                                className="plus"
                                tabIndex={-1}
                                title="Add a node here"
                                aria-label="Add a node here"
                                onClick={(event) => {
                                    const { left, bottom } = event.currentTarget.getBoundingClientRect()
                                    const place = { is: "edge", key: id } as const
                                    board.set({ adding: { place, point: { x: left, y: bottom } } })
                                }}
                            >
                                +
                            </button>
                        )}
                    </div>
                </EdgeLabelRenderer>
            )}
        </g>
    )
})
