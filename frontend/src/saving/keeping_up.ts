// What makes the keeper go on: the network is back, somebody looks at the page again or leaves it, others have saved.

import { useEffect } from "react"
import { isConditionBehind } from "../condition/Condition"
import { missingOf } from "../server/draft"
import type { Standing } from "../store/editor_store"
import { useEditor, type Editor } from "../store/use_editor"

const LOOK_MS = 15_000

/** Keep the draft up with the world for as long as the component is shown. */
export function useKeepingUp(): void {
    const editor = useEditor()
    useEffect(() => {
        const { keeper } = editor.store
        const goOn = () => keeper.goOn()
        const look = () => void lookAtServer(editor)
        const onVisibility = () => {
            keeper.goOn() // also as the page is left: it may never be seen again
            if (document.hidden) keeper.hurry()
            else look()
        }
        const onGoing = () => keeper.hurry()
        const onLeaving = (event: BeforeUnloadEvent) => {
            // What is typed into some fields is taken when they are left.
            if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
            keeper.hurry()
            if (isLost(editor)) event.preventDefault()
        }
        window.addEventListener("online", goOn)
        window.addEventListener("focus", onVisibility)
        document.addEventListener("visibilitychange", onVisibility)
        window.addEventListener("beforeunload", onLeaving)
        window.addEventListener("pagehide", onGoing)
        look()
        const timer = setInterval(() => !document.hidden && look(), LOOK_MS)
        return () => {
            clearInterval(timer)
            window.removeEventListener("online", goOn)
            window.removeEventListener("focus", onVisibility)
            document.removeEventListener("visibilitychange", onVisibility)
            window.removeEventListener("beforeunload", onLeaving)
            window.removeEventListener("pagehide", onGoing)
        }
    }, [editor])
}

/** Ask whether somebody else has saved, published, or let people enter. */
export async function lookAtServer({ api, store }: Editor): Promise<void> {
    try {
        const standing = await api.ask<Standing & { draft_revision: number }>("GET", api.ofFlow("revision"))
        store.set({ standing })
        store.keeper.look(standing.draft_revision)
    } catch (error) {
        // Where the server is away, the next look is soon.
        const missing = missingOf(error)
        if (missing && store.mayChange) store.keeper.miss(missing)
    }
}

/** Whether something would be lost if the page were left now, or would wait for a choice that nobody knows of. */
function isLost({ store }: Editor): boolean {
    const { isUnsaved, isJournalled, status } = store.state
    if (isConditionBehind()) return true
    return isUnsaved && (!isJournalled || ["conflict", "refused", "empty", "gone"].includes(status.is))
}
