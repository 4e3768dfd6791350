// Says how the draft stands, and what can be done about it.

import { useEffect, useState, type ReactNode } from "react"
import type { Status } from "../model/draft_keeper"
import { useEditor, useEditorState } from "../store/use_editor"
import { timeOf, whoIs } from "./author"
import { CopyText } from "./CopyText"
import { useKeepingUp } from "./keeping_up"

export function SaveStatus() {
    useKeepingUp()
    const { store } = useEditor()
    const status = useEditorState((state) => state.status)
    const isJournalled = useEditorState((state) => state.isJournalled)
    if (!store.mayChange) return <p className="save-status">Only to look at</p>
    return (
        <div className="save-status" role="status" data-status={status.is}>
            <Told status={status} />
            {!isJournalled && <strong>This browser keeps nothing: do not leave the page yet.</strong>}
        </div>
    )
}

function Told({ status }: { readonly status: Status }): ReactNode {
    const { boot, store } = useEditor()
    const { keeper } = store
    switch (status.is) {
        case "saved":
            return <span>Draft saved</span>
        case "unsaved":
            return <span>Not saved yet</span>
        case "saving":
            return <span>Saving …</span>
        case "offline":
            return (
                <>
                    <span>
                        No connection. What you do is kept in this browser, and saved in{" "}
                        <Countdown to={status.retryAt} />.
                    </span>
                    <button type="button" onClick={() => keeper.goOn()}>
                        Try now
                    </button>
                </>
            )
        case "signed-out":
            return (
                <>
                    <span>
                        {status.other ? `${status.other} Nothing of yours is saved in their name:` : "You are signed out."} What
                        you do is kept in this browser.
                    </span>
                    <a href={boot.pages.signIn} target="_blank" rel="noreferrer">
                        Sign in again
                    </a>
                    <button type="button" onClick={() => keeper.goOn()}>
                        I have
                    </button>
                </>
            )
        case "conflict":
            return (
                <>
                    <span>
                        {whoIs(status.by, boot)} saved a change of the same{timeOf(status.by)}.
                    </span>
                    <button type="button" onClick={() => store.set({ isMerging: true })}>
                        Choose
                    </button>
                </>
            )
        case "undrawable":
            return (
                <>
                    <span>
                        {whoIs(status.by, boot)} saved a text{timeOf(status.by)} that cannot be drawn. Yours is kept in
                        this browser.
                    </span>
                    <CopyText definition={store.state.definition} />
                    <a href={boot.pages.form}>Look at it</a>
                </>
            )
        case "refused":
            return (
                <>
                    <span>It cannot be saved: {status.message}</span>
                    <button type="button" onClick={() => keeper.goOn()}>
                        Try again
                    </button>
                </>
            )
        case "empty":
            return (
                <>
                    <span>All nodes are deleted. It is not saved like this unless you say so.</span>
                    <button type="button" onClick={() => store.undo()}>
                        Undo
                    </button>
                    <button type="button" onClick={() => keeper.confirmEmpty()}>
                        It is meant so
                    </button>
                </>
            )
        case "gone":
            return (
                <>
                    <span>Somebody has deleted this flow.</span>
                    <CopyText definition={store.state.definition} />
                </>
            )
    }
}

function Countdown({ to }: { readonly to: number }) {
    const [now, setNow] = useState(Date.now())
    useEffect(() => {
        const timer = setInterval(() => setNow(Date.now()), 1_000)
        return () => clearInterval(timer)
    }, [])
    return <>{Math.max(Math.ceil((to - now) / 1_000), 1)} s</>
}
