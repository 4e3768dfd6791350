// A node as it is drawn: what it is, what it does, where it leads, and what is wrong with it.

import { Handle, Position, type NodeProps } from "@xyflow/react"
import { memo } from "react"
import { useEditor, useEditorState, useIsEditable } from "../store/use_editor"
import { calledFlow } from "../deeds/stepping"
import { useBoard, useBoardState } from "./board"
import { cardElementId, labelOf, type CardNode, type CardPort } from "./flow_parts"
import { NameField } from "./NameField"
import { portX } from "./sizes"
import { Sign } from "../palette/Sign"

export const NodeCard = memo(function NodeCard({ id, data, width = 0 }: NodeProps<CardNode>) {
    const { boot, store } = useEditor()
    const isCurrent = useBoardState((state) => state.current === id)
    const isRenaming = useBoardState((state) => state.renaming?.of === "node" && state.renaming.id === id)
    const { node, title, kindTitle, group, summary, ports, mark, badges } = data
    const page = calledFlow(node, store.state.kinds, boot)
    const below = summary || (title === kindTitle ? "" : kindTitle)
    return (
        <div
            id={cardElementId(id)}
            className="card"
            role="group"
            aria-roledescription="step"
            aria-label={labelOf(data)}
            data-group={group}
            data-current={isCurrent || undefined}
            data-path={data.isOnPath || undefined}
            data-disabled={data.isDisabled || undefined}
            data-mark={mark ? (mark.isWarning ? "warning" : "problem") : undefined}
        >
            {node.kind !== "start" && <Handle type="target" id="in" position={Position.Top} />}
            <div className="card-head">
                <Sign group={group} kind={node.kind} />
                {isRenaming ? <NameField thing={{ of: "node", id }} text={node.name ?? ""} /> : <strong title={title}>{title}</strong>}
                {page !== null && (
                    <a className="nodrag" href={page} target="_blank" rel="noreferrer" tabIndex={-1} title="Open the flow">
                        ↗<span className="unseen"> Open the flow</span>
                    </a>
                )}
            </div>
            <p className="card-text" title={summary}>
                {data.isDisabled ? `Disabled. ${below}` : below}
            </p>
            {data.hasPortNames && (
                <div className="card-ports">
                    {ports.map((port) => (
                        <PortName key={port.name} id={id} port={port} />
                    ))}
                </div>
            )}
            {ports.map((port, at) => (
                <Outlet key={port.name} id={id} port={port} x={portX(at, ports.length, width)} />
            ))}
            {mark && (
                <span className="card-mark" title={mark.text}>
                    {mark.isWarning ? "?" : "!"}
                </span>
            )}
            {badges.length > 0 && <Badges id={id} data={data} />}
        </div>
    )
})

function PortName({ id, port }: { readonly id: string; readonly port: CardPort }) {
    const isCurrent = useBoardState((state) => state.current === id && state.port === port.name)
    return (
        <span title={port.label} data-current={isCurrent || undefined}>
            {port.label}
        </span>
    )
}

interface OutletProps {
    readonly id: string
    readonly port: CardPort
    readonly x: number
}

/** Where a port's edges begin; a port without any can be given its next node here. */
function Outlet({ id, port, x }: OutletProps) {
    const board = useBoard()
    const isOpen = useIsEditable()
    const style = { left: x }
    return (
        <>
            <Handle type="source" id={port.name} position={Position.Bottom} style={style} />
            {!port.isUsed && isOpen && (
                <button
                    type="button"
                    className="plus nodrag nopan"
                    style={style}
                    tabIndex={-1}
                    title={`Add a node behind ${port.label}`}
                    aria-label={`Add a node behind ${port.label}`}
                    onClick={(event) => {
                        event.stopPropagation()
                        const { left, bottom } = event.currentTarget.getBoundingClientRect()
                        const place = { is: "behind", id, port: port.name } as const
                        board.set({ adding: { place, point: { x: left, y: bottom } } })
                    }}
                >
                    +
                </button>
            )}
        </>
    )
}

function Badges({ id, data }: Pick<NodeProps<CardNode>, "id" | "data">) {
    const onBadge = useEditorState((state) => state.onBadge)
    return (
        <div className="card-badges nodrag">
            {data.badges.map(({ text, tone, title }) =>
                onBadge ? (
                    <button
                        key={title}
                        type="button"
                        className="badge"
                        data-tone={tone}
                        title={title}
                        tabIndex={-1}
                        onClick={(event) => {
                            event.stopPropagation()
                            onBadge(id)
                        }}
                    >
                        {text}
                    </button>
                ) : (
                    <span key={title} className="badge" data-tone={tone} title={title}>
                        {text}
                    </span>
                ),
            )}
        </div>
    )
}
