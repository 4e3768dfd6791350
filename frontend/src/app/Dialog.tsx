import { useEffect, useId, useRef, type ReactNode } from "react"
import { useFocusBack } from "./use_focus_back"

interface Props {
    readonly title: string
    readonly onClose: () => void
    readonly children: ReactNode
}

/** A dialog above all else: what is marked with data-first has the focus; Escape closes it, and that goes back. */
export function Dialog({ title, onClose, children }: Props) {
    const dialog = useRef<HTMLDialogElement>(null)
    const heading = useId()
    useFocusBack()
    useEffect(() => {
        dialog.current?.showModal()
        dialog.current?.querySelector<HTMLElement>("[data-first]")?.focus()
    }, [])
    return (
        <dialog ref={dialog} className="dialog nokey" aria-labelledby={heading} onClose={onClose}>
            <header>
                <h2 id={heading}>{title}</h2>
                <button type="button" aria-label="Close" onClick={onClose}>
                    ×
                </button>
            </header>
            {children}
        </dialog>
    )
}
