import { useEffect, useRef, type ReactNode } from "react"
import type { Point } from "../canvas/board"

interface Props {
    readonly point: Point
    readonly label: string
    readonly onClose: () => void
    readonly children: ReactNode
}

/** Something small at a point of the window: Escape, or a click beside it, closes it. */
export function Popover({ point, label, onClose, children }: Props) {
    const box = useRef<HTMLDivElement>(null)
    useEffect(() => {
        const onPointer = (event: PointerEvent) => {
            if (event.target instanceof Node && !box.current?.contains(event.target)) onClose()
        }
        document.addEventListener("pointerdown", onPointer, true)
        return () => document.removeEventListener("pointerdown", onPointer, true)
    }, [onClose])
    useEffect(() => {
        const { current } = box
        if (!current) return
        const { width, height } = current.getBoundingClientRect()
        current.style.insetInlineStart = `${Math.max(8, Math.min(point.x, window.innerWidth - width - 8))}px`
        current.style.insetBlockStart = `${Math.max(8, Math.min(point.y + 6, window.innerHeight - height - 8))}px`
    }, [point])
    return (
        <div
            ref={box}
            className="popover"
            role="dialog"
            aria-label={label}
            onKeyDown={(event) => {
                event.stopPropagation()
                if (event.key === "Escape") onClose()
            }}
        >
            {children}
        </div>
    )
}
