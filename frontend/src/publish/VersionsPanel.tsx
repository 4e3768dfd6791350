// What was published, by whom and when: any of it can be looked at, published again, or taken as the draft.

import { useState } from "react"
import { drawable } from "../model/drawable"
import { lookAtServer } from "../saving/keeping_up"
import type { Standing } from "../store/editor_store"
import { useEditor, useEditorState } from "../store/use_editor"
import { PublishDialog } from "./PublishDialog"
import { useVersions, type Version } from "./use_versions"

/** What is so of the version that was published last. */
const ENTERED: Readonly<Record<Standing["state"], string>> = {
    on: "people enter this one",
    off: "published; the flow is off, nobody enters",
    paused: "published; the flow is paused",
}

export function VersionsPanel() {
    const editor = useEditor()
    const { boot, store } = editor
    const shown = useEditorState((state) => state.shown)
    const standing = useEditorState((state) => state.standing)
    const { versions, error: failure, loadOlder } = useVersions(standing?.version)
    const [selected, setSelected] = useState<number | null>(null)
    const [drawingError, setDrawingError] = useState("")
    const error = failure || drawingError
    const [note, setNote] = useState("")
    const [isAsked, setAsked] = useState(false)
    const look = (version: Version) => {
        const definition = drawable(version.definition)
        setSelected(version.number)
        setDrawingError(definition ? "" : "This version cannot be drawn; its text is on the page of the flow.")
        store.set({ shown: definition })
    }
    const take = () => {
        const { shown: definition } = store.state
        if (!definition) return
        store.enter("draw")
        store.act({ label: `Take version ${selected} as the draft` }, () => definition)
    }
    return (
        <section className="panel" aria-label="Versions">
            <h2>Versions</h2>
            {error && <p className="danger" role="alert">{error}</p>}
            {versions === null && !error && <p role="status">Loading …</p>}
            {versions?.length === 0 && <p>Nothing was published yet.</p>}
            <ol className="versions">
                {versions?.map((version, at) => (
                    <li key={version.number}>
                        <button type="button" aria-pressed={selected === version.number} onClick={() => look(version)}>
                            <b>Version {version.number}</b> {at === 0 && standing && <span className="tag">{ENTERED[standing.state]}</span>}
                            <br />
                            {new Date(version.published_at).toLocaleString()} by {version.published_by}
                            {version.n_inside > 0 && <>, {version.n_inside.toLocaleString()} inside</>}
                            {version.note && <p>{version.note}</p>}
                        </button>
                    </li>
                ))}
            </ol>
            {loadOlder && (
                <button type="button" onClick={loadOlder}>
                    Show older versions
                </button>
            )}
            {selected !== null && shown && (
                <p className="row">
                    {boot.may.publish && selected !== versions?.[0]?.number && (
                        <button type="button" className="main" onClick={() => setAsked(true)}>
                            Publish version {selected} again …
                        </button>
                    )}
                    {store.mayChange && (
                        <button type="button" onClick={take}>
                            Take it as the draft
                        </button>
                    )}
                </p>
            )}
            {isAsked && selected !== null && (
                <PublishDialog
                    version={selected}
                    note={note}
                    onNote={setNote}
                    onClose={() => setAsked(false)}
                    onPublished={(number) => {
                        setAsked(false)
                        store.say(`Version ${number} is published: it says what version ${selected} says.`)
                        void lookAtServer(editor)
                    }}
                />
            )}
        </section>
    )
}
