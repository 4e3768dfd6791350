// Publishing, and whether people enter.

import { useState } from "react"
import { useBoard, useBoardState } from "../canvas/board"
import { drawable } from "../model/drawable"
import type { JsonObject } from "../model/json"
import { lookAtServer } from "../saving/keeping_up"
import type { Standing } from "../store/editor_store"
import { useEditor, useEditorState } from "../store/use_editor"
import { PublishDialog, reasonOf } from "./PublishDialog"

const TITLES: Readonly<Record<Standing["state"], string>> = { on: "People enter", off: "Off: nobody enters", paused: "Paused" }

export function PublishButton() {
    const editor = useEditor()
    const { api, boot, store } = editor
    const isUnsaved = useEditorState((state) => state.isUnsaved)
    const standing = useEditorState((state) => state.standing)
    const board = useBoard()
    const isAsked = useBoardState((state) => state.dialog === "publish")
    const [note, setNote] = useState("")
    const [error, setError] = useState("")
    const switchTo = async (state: "on" | "off") => {
        setError("")
        try {
            await api.ask("POST", api.ofFlow(state))
            store.say(state === "on" ? "The flow is on: people enter." : "The flow is off: nobody enters.")
        } catch (failure) {
            setError(reasonOf(failure))
        }
        void lookAtServer(editor)
    }
    /** Undo brings back what was drawn. */
    const discard = async () => {
        setError("")
        try {
            const { results } = await api.ask<{ results: readonly { definition: JsonObject }[] }>("GET", api.ofFlow("versions"))
            const published = results[0] && drawable(results[0].definition)
            if (published) store.act({ label: "Discard the draft" }, () => published)
        } catch (failure) {
            setError(reasonOf(failure))
        }
    }
    const { state = "off", version = null } = standing ?? {}
    return (
        <div className="publishing">
            {standing && (
                <span className="flow-state" data-state={state}>
                    {version === null ? "Never published" : `Version ${version}. ${TITLES[state]}`}
                </span>
            )}
            {error && <span className="danger" role="alert">{error}</span>}
            {store.mayChange && version !== null && (
                <button type="button" title="Go back to what is published; undo brings the draft back" onClick={() => void discard()}>
                    Discard draft
                </button>
            )}
            {boot.may.publish && (
                <>
                    {version !== null && state !== "paused" && (
                        <button type="button" onClick={() => void switchTo(state === "on" ? "off" : "on")}>
                            {state === "on" ? "Switch off" : "Switch on"}
                        </button>
                    )}
                    <button
                        type="button"
                        className="main"
                        disabled={isUnsaved}
                        title={isUnsaved ? "The draft is not saved yet" : undefined}
                        onClick={() => board.set({ dialog: "publish" })}
                    >
                        Publish …
                    </button>
                </>
            )}
            {isAsked && (
                <PublishDialog
                    version={null}
                    note={note}
                    onNote={setNote}
                    onClose={() => board.close()}
                    onPublished={(number) => {
                        board.close()
                        store.say(`Version ${number} is published.`)
                        void lookAtServer(editor)
                    }}
                />
            )}
        </div>
    )
}
