import { useEffect, useState } from "react"

/** Give the focus back, when a part of the page goes, to what had it before that part came. */
export function useFocusBack(): void {
    const [before] = useState(() => document.activeElement)
    useEffect(
        () => () => {
            if (before instanceof HTMLElement) before.focus()
        },
        [before],
    )
}
