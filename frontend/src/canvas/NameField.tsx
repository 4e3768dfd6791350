import { useEffect, useRef, useState, type KeyboardEvent } from "react"
import { endWriting, write } from "../deeds/beside"
import { MAX_TEXT } from "../model/notes"
import { useEditor } from "../store/use_editor"
import { useBoard, type Thing } from "./board"

const MAX_NAME = 120

interface Props {
    readonly thing: Thing
    readonly text: string
}

/** Names a node or a group, or writes a note, where it is drawn: Enter keeps it, Escape takes it back. */
export function NameField({ thing, text }: Props) {
    const { store } = useEditor()
    const board = useBoard()
    const field = useRef<(HTMLInputElement & HTMLTextAreaElement) | null>(null)
    const isLeft = useRef(false)
    const [before] = useState(text)
    useEffect(() => {
        field.current?.focus()
        field.current?.select()
    }, [])
    const end = (isKept: boolean) => {
        if (isLeft.current) return
        isLeft.current = true
        const desk = { store, board }
        const now = field.current?.value ?? before
        if (!isKept) write(desk, thing, before)
        endWriting(desk, thing, isKept && now !== before ? now : null)
    }
    const own = {
        ref: field,
        className: "nodrag nokey nowheel",
        defaultValue: before,
        onInput: () => write({ store, board }, thing, field.current?.value ?? before),
        onBlur: () => end(true),
        onKeyDown: (event: KeyboardEvent) => {
            event.stopPropagation()
            const isEnter = event.key === "Enter" && (thing.of !== "note" || event.ctrlKey || event.metaKey)
            if (isEnter) end(true)
            if (event.key === "Escape") end(false)
        },
    }
    if (thing.of === "note") return <textarea aria-label="Text of the note" maxLength={MAX_TEXT} {...own} />
    return <input aria-label={`Name of the ${thing.of}`} maxLength={MAX_NAME} {...own} />
}
