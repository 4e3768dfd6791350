// Whoever uses keys is not sent back to the top of the page: where what has the focus goes, or can be used no more, what
// is around it has the focus next.

import { useEffect, type RefObject } from "react"
import { firstIn } from "./focus"

export function useFocusKept(editor: RefObject<HTMLElement | null>): void {
    useEffect(() => {
        const root = editor.current
        if (!root) return
        let last: Element | null = null
        let around: readonly Element[] = []
        const onFocus = ({ target }: FocusEvent) => {
            last = target instanceof Element ? target : null
            around = last ? partsAround(last, root) : []
        }
        const onPointer = () => {
            last = null
        }
        const keep = () => {
            if (!last || (last.isConnected && !last.matches(":disabled"))) return
            if (![last, document.body].includes(document.activeElement ?? document.body)) return
            const next = around.filter((part) => part.isConnected).map(firstIn).find((found) => found !== null)
            next?.focus()
        }
        const observer = new MutationObserver(keep)
        observer.observe(root, { subtree: true, childList: true, attributeFilter: ["disabled"] })
        root.addEventListener("focusin", onFocus)
        root.addEventListener("pointerdown", onPointer, true)
        return () => {
            observer.disconnect()
            root.removeEventListener("focusin", onFocus)
            root.removeEventListener("pointerdown", onPointer, true)
        }
    }, [editor])
}

/** Return all that an element is in, the nearest first. */
function partsAround(element: Element, root: Element): Element[] {
    const parent = element.parentElement
    return parent && element !== root ? [parent, ...partsAround(parent, root)] : []
}
