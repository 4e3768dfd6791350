// The kinds of nodes that a flow may have: by group, and found by what people call them.

import { memo, useId, useMemo, useState } from "react"
import { foundKinds } from "../model/search"
import type { FullKind } from "../server/kinds"
import { useEditor, useEditorState } from "../store/use_editor"
import { useBoard, useBoardState } from "../canvas/board"
import { add, offered, placeBehindCurrent } from "../deeds/adding"
import { KIND_TYPE } from "./dragging"
import { Sign } from "./Sign"
import "./palette.css"

/** The kinds that this flow may have. */
export function useOffered(): FullKind[] {
    const { boot } = useEditor()
    const { nodes } = useEditorState((state) => state.kinds).catalogue
    return useMemo(() => offered(nodes, boot.flow.kind), [nodes, boot.flow.kind])
}

export function Palette() {
    const { store } = useEditor()
    const board = useBoard()
    const isOpen = useBoardState((state) => state.isPaletteOpen)
    const kinds = useOffered()
    const { groups } = useEditorState((state) => state.kinds).catalogue
    const [wanted, setWanted] = useState("")
    const [told, setTold] = useState<FullKind | null>(null)
    const field = useId()
    const found = useMemo(() => foundKinds(wanted, kinds), [wanted, kinds])
    const shown = wanted.trim()
        ? [{ key: "", title: `${found.length} found`, kinds: found }]
        : groups.map((group) => ({ ...group, kinds: kinds.filter((kind) => kind.group === group.key) }))
    if (!store.mayChange) return null
    if (!isOpen) {
        return (
            <div className="palette" data-closed="">
                <button type="button" aria-expanded={false} onClick={() => board.set({ isPaletteOpen: true })}>
                    Nodes
                </button>
            </div>
        )
    }
    const onAdd = (kind: FullKind) => {
        if (add({ store, board }, kind.key, placeBehindCurrent({ store, board }))) board.view?.focus()
    }
    return (
        <section className="palette" aria-label="Nodes">
            <header>
                <label className="unseen" htmlFor={field}>
                    Find a node
                </label>
                <input
                    id={field}
                    type="search"
                    placeholder="Find a node"
                    value={wanted}
                    onChange={(event) => setWanted(event.target.value)}
                    onKeyDown={(event) => {
                        const [first] = found
                        if (event.key === "Enter" && first && wanted.trim()) onAdd(first)
                    }}
                />
                <button type="button" aria-label="Hide the nodes" onClick={() => board.set({ isPaletteOpen: false })}>
                    ‹
                </button>
            </header>
            <div className="palette-kinds">
                {shown
                    .filter((group) => group.kinds.length > 0 || wanted)
                    .map((group) => (
                        <section key={group.key} aria-labelledby={`${field}-${group.key}`}>
                            <h2 id={`${field}-${group.key}`}>{group.title}</h2>
                            <ul>
                                {group.kinds.map((kind) => (
                                    <Offer key={kind.key} kind={kind} onTold={setTold} onAdd={onAdd} />
                                ))}
                            </ul>
                        </section>
                    ))}
            </div>
            <footer aria-live="off">{told ? <Told kind={told} /> : <p>Drag a node onto the drawing, or click it.</p>}</footer>
        </section>
    )
}

interface OfferProps {
    readonly kind: FullKind
    readonly onTold: (kind: FullKind) => void
    readonly onAdd: (kind: FullKind) => void
}

const Offer = memo(function Offer({ kind, onTold, onAdd }: OfferProps) {
    return (
        <li>
            <button
                type="button"
                draggable
                title={kind.about}
                onDragStart={(event) => {
                    event.dataTransfer.setData(KIND_TYPE, kind.key)
                    event.dataTransfer.effectAllowed = "copy"
                }}
                onPointerEnter={() => onTold(kind)}
                onFocus={() => onTold(kind)}
                onClick={() => onAdd(kind)}
            >
                <Sign group={kind.group} kind={kind.key} />
                {kind.title}
            </button>
        </li>
    )
})

/** What a kind is for, for whoever chooses one. */
export function Told({ kind }: { readonly kind: FullKind }) {
    const ports = kind.ports.map((port) => port.label)
    return (
        <>
            <strong>{kind.title}</strong>
            <p>{kind.about}</p>
            <p>
                {kind.effects_told} {ports.length > 1 && `Leads on by ${ports.join(", ")}.`}
            </p>
        </>
    )
}
