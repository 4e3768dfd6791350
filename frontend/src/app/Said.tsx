import { useEffect, useState } from "react"
import { useEditorState } from "../store/use_editor"

const SHOWN_MS = 8_000

/** Tells screen readers what was done, and everybody what was not. */
export function Said() {
    const said = useEditorState((state) => state.said)
    const refused = useEditorState((state) => state.refused)
    const [isOver, setOver] = useState<unknown>(null)
    useEffect(() => {
        const timer = setTimeout(() => setOver(refused), SHOWN_MS)
        return () => clearTimeout(timer)
    }, [refused])
    return (
        <>
            <p className="unseen" role="status" aria-live="polite">
                {said}
            </p>
            {refused && refused.reason === said && isOver !== refused && (
                <p className="toast" aria-hidden="true" onClick={() => setOver(refused)}>
                    {refused.reason}
                </p>
            )}
        </>
    )
}
