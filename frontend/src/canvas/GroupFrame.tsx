import type { NodeProps } from "@xyflow/react"
import { memo } from "react"
import { counted } from "../deeds/desk"
import { useIsEditable } from "../store/use_editor"
import { useBoard, useBoardState } from "./board"
import { frameElementId, type FrameNode } from "./beside_parts"
import { NameField } from "./NameField"

/** The frame around the nodes of a group: by its head it is selected, named and dragged. */
export const GroupFrame = memo(function GroupFrame({ data: { id, name, color, n } }: NodeProps<FrameNode>) {
    const board = useBoard()
    const isEditable = useIsEditable()
    const isNamed = useBoardState(({ renaming }) => renaming?.of === "group" && renaming.id === id)
    const isDropped = useBoardState((state) => state.dropGroup === id)
    return (
        <div
            id={frameElementId(id)}
            className="frame"
            role="group"
            aria-roledescription="group"
            aria-label={`${name || "Group without a name"}, ${counted(n, "node")}`}
            data-color={color}
            data-drop={isDropped || undefined}
        >
            <div
                className="frame-head"
                onDoubleClick={() => isEditable && board.set({ renaming: { of: "group", id } })}
            >
                {isNamed ? <NameField thing={{ of: "group", id }} text={name} /> : <strong>{name || "Group"}</strong>}
            </div>
        </div>
    )
})
