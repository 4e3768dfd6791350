import { getSmoothStepPath, type ConnectionLineComponentProps } from "@xyflow/react"
import { refusal } from "../model/gestures"
import { useEditor } from "../store/use_editor"
import type { Drawn } from "./use_drawn"

/** An edge while it is drawn; where it cannot be, it says why. */
export function DrawnLine(props: ConnectionLineComponentProps<Drawn>) {
    const { fromX, fromY, toX, toY, fromPosition, toPosition, connectionStatus, fromNode, fromHandle, toNode } = props
    const { store } = useEditor()
    const ends = { sourceX: fromX, sourceY: fromY, targetX: toX, targetY: toY }
    const [path] = getSmoothStepPath({ ...ends, sourcePosition: fromPosition, targetPosition: toPosition })
    const isForward = fromHandle.type === "source"
    const { definition, kinds } = store.state
    const drawn = isForward
        ? { from: fromNode.id, port: fromHandle.id ?? "out", to: toNode?.id ?? "" }
        : { from: toNode?.id ?? "", port: props.toHandle?.id ?? "out", to: fromNode.id }
    const reason = toNode && connectionStatus === "invalid" ? refusal(definition, drawn, kinds) : ""
    return (
        <g className="drawn-line" data-refused={reason !== "" || undefined}>
            <path d={path} />
            {reason && (
                <foreignObject x={toX + 14} y={toY + 10} width={260} height={120}>
                    <p>{reason}</p>
                </foreignObject>
            )}
        </g>
    )
}
