// Connecting without a mouse: the port, then the node, found by what it is called.

import { useEffect, useMemo, useState } from "react"
import { Chooser } from "../app/Chooser"
import { Popover } from "../app/Popover"
import { START, nodeOf, type NodePart } from "../model/definition"
import { refusal } from "../model/gestures"
import { titleOf } from "../model/kinds"
import { foundNodes } from "../model/search"
import { useEditor, useEditorState } from "../store/use_editor"
import { useBoard, useBoardState, type Source } from "./board"
import { connect } from "../deeds/connecting"

/** How many targets are offered at once: why one is not possible is found out for each. */
const MAX_TARGETS = 40

export function ConnectPopover() {
    const connecting = useBoardState((state) => state.connecting)
    return connecting && <Connecting key={connecting.id} source={connecting} />
}

function Connecting({ source }: { readonly source: Source }) {
    const { store } = useEditor()
    const board = useBoard()
    const definition = useEditorState((state) => state.definition)
    const kinds = useEditorState((state) => state.kinds)
    const [wanted, setWanted] = useState("")
    const [port, setPort] = useState(source.port)
    const point = useMemo(() => board.view?.pointOf(source.id) ?? { x: 100, y: 100 }, [board, source.id])
    const node = nodeOf(definition, source.id)
    const targets = useMemo(() => {
        const all = wanted.trim() ? foundNodes(wanted, definition, kinds) : definition.nodes
        const others = all.filter((each) => each.id !== source.id && each.kind !== START).slice(0, MAX_TARGETS)
        const edge = (each: NodePart) => ({ from: source.id, port, to: each.id })
        const found = others.map((each) => ({ each, reason: refusal(definition, edge(each), kinds) }))
        return [...found.filter(({ reason }) => !reason), ...found.filter(({ reason }) => reason)]
    }, [wanted, definition, kinds, source.id, port])
    useEffect(() => {
        if (!node) board.close()
    }, [board, node])
    if (!node) return null
    const ports = kinds.labelledPortsOf(node) ?? []
    return (
        <Popover point={point} label={`Connect ${titleOf(node, kinds)}`} onClose={() => board.close()}>
            {ports.length > 1 && (
                <label className="chooser-port">
                    From the port{" "}
                    <select value={port} onChange={(event) => setPort(event.target.value)}>
                        {ports.map(({ name, label }) => (
                            <option key={name} value={name}>
                                {label}
                            </option>
                        ))}
                    </select>
                </label>
            )}
            <Chooser
                label="Find a node to connect with"
                wanted={wanted}
                onWanted={setWanted}
                items={targets}
                keyOf={({ each }) => each.id}
                refusalOf={({ reason }) => reason}
                onChoose={({ each }) => {
                    connect({ store, board }, { from: source.id, port, to: each.id })
                    board.close()
                }}
                show={({ each }) => <span>{titleOf(each, kinds)}</span>}
            />
        </Popover>
    )
}
