// The way of one person, drawn on the version on which they are.

import { useEffect, useState } from "react"
import { useFocusBack } from "../app/use_focus_back"
import { nodeOf, type Definition } from "../model/definition"
import { drawable } from "../model/drawable"
import { titleOf } from "../model/kinds"
import { reasonOf } from "../publish/PublishDialog"
import type { Version } from "../publish/use_versions"
import { useEditor, useEditorState } from "../store/use_editor"
import { statusInWords } from "./figures"
import type { Run } from "./Runs"

interface RunTold extends Run {
    readonly path: readonly { readonly node: string; readonly port: string; readonly at: string }[]
    readonly here: readonly { readonly node: string; readonly since: string; readonly until: string | null }[]
    readonly failed_at: string
    readonly is_cut: boolean
}

interface RunShownProps {
    readonly id: string
    readonly onBack: () => void
    /** What is drawn again afterwards. */
    readonly back: Definition
}

export function RunShown({ id, onBack, back }: RunShownProps) {
    const { api, boot, store } = useEditor()
    const kinds = useEditorState((state) => state.kinds)
    const [run, setRun] = useState<RunTold | null>(null)
    const [error, setError] = useState("")
    useFocusBack()
    useEffect(() => {
        let isGone = false
        const load = async () => {
            const found = await api.ask<RunTold>("GET", api.ofFlow(`runs/${id}`))
            const { results } = await api.ask<{ results: readonly Pick<Version, "definition">[] }>(
                "GET",
                api.ofFlow(`versions?before=${found.version + 1}`),
            )
            const [version] = results
            if (isGone) return
            setRun(found)
            const stands = [...found.here.map(({ node }) => node), found.failed_at].filter(Boolean)
            const way = [...found.path, ...stands.map((node) => ({ node, port: "" }))]
            store.draw("live", { shown: (version && drawable(version.definition)) ?? back, path: way })
        }
        load().catch((failure: unknown) => !isGone && setError(reasonOf(failure)))
        return () => {
            isGone = true
            store.draw("live", { shown: back, path: [] })
        }
    }, [api, store, id, back])
    const nameOf = (node: string): string => {
        const part = nodeOf(store.state.shown ?? back, node)
        return part ? titleOf(part, kinds) : node
    }
    return (
        <section aria-label="A run">
            <p className="row">
                <button type="button" autoFocus onClick={onBack}>
                    ← Back
                </button>
                <a href={boot.pages.run.replace("{id}", id)}>All of this run</a>
                {run?.profile_id && boot.may.seePeople && <a href={boot.pages.person.replace("{id}", run.profile_id)}>The person</a>}
                <button type="button" onClick={() => tryAgain()}>
                    Try the draft on it
                </button>
            </p>
            {error && <p className="danger" role="alert">{error}</p>}
            {run && (
                <>
                    <h3>{run.who || run.profile_id || "Nobody"}</h3>
                    <p>
                        On version {run.version}: {statusInWords(run.status)}. {run.reason}
                    </p>
                    <ol className="steps">
                        {run.path.map((step, at) => (
                            <li key={at}>
                                <button type="button" onClick={() => store.reveal(step.node)}>
                                    {nameOf(step.node)}
                                </button>{" "}
                                {step.port} <span className="help">{new Date(step.at).toLocaleString()}</span>
                            </li>
                        ))}
                        {run.here.map((each) => (
                            <li key={each.node}>
                                <b>{nameOf(each.node)}</b>: here{each.until && ` until ${new Date(each.until).toLocaleString()}`}
                            </li>
                        ))}
                    </ol>
                    {run.is_cut && <p className="help">Its first steps are not kept any more.</p>}
                </>
            )}
        </section>
    )

    function tryAgain(): void {
        store.enter("try")
        store.set({ trying: { trial: { run_id: id }, tried: null, triedOf: null } })
    }
}
