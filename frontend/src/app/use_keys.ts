// Keys, and what the browser says of its clipboard, become commands.

import { useEffect } from "react"
import { remove } from "../deeds/changing"
import { copy, paste } from "../deeds/copying"
import { commandOf } from "./commands"
import { isEditable, type Office, type Scope } from "./commands/command"
import { chordOf, isField } from "./keys"

export function useKeys(office: Office): void {
    useEffect(() => {
        const onKey = (event: KeyboardEvent) => {
            const { target } = event
            if (event.defaultPrevented || event.isComposing || !(target instanceof Element)) return
            if (target.closest("dialog, [role=dialog], [role=menu]")) return
            const chord = chordOf(event)
            if (chord === "Escape" && target.closest(".side")) return office.board.view?.focus()
            const isOwn = target.matches("button, a, summary") && ["Enter", "Space", "Tab"].includes(chord)
            const command = isOwn ? null : commandOf(chord, scopeOf(target), isField(target))
            if (!command || command.isThere?.(office) === false) return
            event.preventDefault()
            command.run(office)
        }
        const onCopy = (event: ClipboardEvent) => {
            if (!isBoards(event) || !window.getSelection()?.isCollapsed) return
            const text = copy(office)
            if (!text) return
            event.preventDefault()
            event.clipboardData?.setData("text/plain", text)
            if (event.type === "cut" && isEditable(office)) remove(office, false)
        }
        const onPaste = (event: ClipboardEvent) => {
            if (!isBoards(event) || !isEditable(office)) return
            event.preventDefault()
            paste(office, event.clipboardData?.getData("text/plain") ?? "")
        }
        document.addEventListener("keydown", onKey)
        document.addEventListener("copy", onCopy)
        document.addEventListener("cut", onCopy)
        document.addEventListener("paste", onPaste)
        return () => {
            document.removeEventListener("keydown", onKey)
            document.removeEventListener("copy", onCopy)
            document.removeEventListener("cut", onCopy)
            document.removeEventListener("paste", onPaste)
        }
    }, [office])
}

function scopeOf(target: Element): Scope {
    if (target.closest(".canvas")) return "canvas"
    return target.closest(".flow-list") ? "board" : "anywhere"
}

function isBoards(event: ClipboardEvent): boolean {
    const focused = document.activeElement
    return !isField(event.target) && (focused === document.body || focused?.closest(".board") != null)
}
