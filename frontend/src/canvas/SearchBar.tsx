// Finding nodes and notes on the board: Enter goes to the next one, Escape back to the drawing.

import { useEffect, useMemo, useRef, useState } from "react"
import { goToNote, noteName } from "../deeds/beside"
import { goTo, nameOf } from "../deeds/desk"
import { foundNodes, foundNotes } from "../model/search"
import { shownOf, useEditor, useEditorState } from "../store/use_editor"
import { useBoard, type Thing } from "./board"

export function SearchBar() {
    const { store } = useEditor()
    const board = useBoard()
    const definition = useEditorState(shownOf)
    const kinds = useEditorState((state) => state.kinds)
    const [wanted, setWanted] = useState("")
    const [at, setAt] = useState(-1)
    const field = useRef<HTMLInputElement>(null)
    const found = useMemo((): Thing[] => {
        const nodes = foundNodes(wanted, definition, kinds).map(({ id }): Thing => ({ of: "node", id }))
        return [...nodes, ...foundNotes(wanted, definition).map(({ id }): Thing => ({ of: "note", id }))]
    }, [wanted, definition, kinds])
    useEffect(() => field.current?.select(), [])
    const go = (by: 1 | -1) => {
        if (!found.length) return
        const next = at < 0 ? (by > 0 ? 0 : found.length - 1) : (at + by + found.length) % found.length
        const thing = found[next]
        setAt(next)
        if (thing?.of === "node") goTo({ store, board }, thing.id)
        if (thing?.of === "note") goToNote({ store, board }, thing.id)
    }
    const here = found[at]
    const name = here && (here.of === "note" ? noteName(definition, here.id) : nameOf(definition, here.id, kinds))
    const told = here ? `${at + 1} of ${found.length}: ${name}` : `${found.length} found`
    return (
        <div
            className="search-bar"
            role="search"
            onKeyDown={(event) => {
                if (event.key === "Escape") board.close()
                else if (event.key === "Enter" && event.target === field.current) go(event.shiftKey ? -1 : 1)
                else return
                event.preventDefault()
            }}
        >
            <input
                ref={field}
                type="search"
                aria-label="Find in the flow"
                placeholder="Find in the flow"
                value={wanted}
                onChange={(event) => {
                    setWanted(event.target.value)
                    setAt(-1)
                }}
            />
            <span role="status">{wanted.trim() && told}</span>
            <button type="button" aria-label="Previous" disabled={!found.length} onClick={() => go(-1)}>
                ↑
            </button>
            <button type="button" aria-label="Next" disabled={!found.length} onClick={() => go(1)}>
                ↓
            </button>
            <button type="button" aria-label="Close the search" onClick={() => board.close()}>
                ×
            </button>
        </div>
    )
}
