import { useEffect, useRef, type RefObject } from "react"
import { firstFieldIn } from "../app/focus"

/** Return where rows of a class are, and what tells that one is added: whoever adds one goes on in it. */
export function useAdded<Place extends HTMLElement>(rowClass: "row" | "item"): readonly [RefObject<Place | null>, () => void] {
    const rows = useRef<Place>(null)
    const isAdded = useRef(false)
    useEffect(() => {
        if (!isAdded.current) return
        isAdded.current = false
        const last = [...(rows.current?.querySelectorAll(`:scope > .${rowClass}`) ?? [])].at(-1)
        if (last) firstFieldIn(last)?.focus()
    })
    const added = () => {
        isAdded.current = true
    }
    return [rows, added]
}
