// What a trial takes for granted: nodes that are not asked, and by which port people leave them.

import { useEffect } from "react"
import { nodeOf } from "../model/definition"
import { titleOf } from "../model/kinds"
import { useEditor, useEditorState } from "../store/use_editor"
import { badgesOf, repinned, unpinned, type Pin, type Trial } from "./trial"

interface Props {
    readonly trial: Trial
    readonly onTry: (trial: Trial) => void
}

export function Pins({ trial, onTry }: Props) {
    const { store } = useEditor()
    const definition = useEditorState((state) => state.definition)
    const kinds = useEditorState((state) => state.kinds)
    const { pins } = trial
    useEffect(() => {
        const { definition: drawn, kinds: known } = store.state
        const titleOfPort = ({ node, port = "out" }: Pin) => known.portLabelOf(nodeOf(drawn, node), port)
        store.set({ badges: badgesOf({ pins: pins ?? [] }, titleOfPort) })
    }, [store, pins])
    if (!pins?.length) return null
    return (
        <fieldset className="field pins">
            <legend>Pinned</legend>
            <p className="help">These nodes are not asked: people leave them as you say.</p>
            <ul>
                {pins.map((pin, at) => {
                    const node = nodeOf(definition, pin.node)
                    const title = `${node ? titleOf(node, kinds) : pin.node}${(pin.visit ?? 1) > 1 ? ` (visit ${pin.visit})` : ""}`
                    const port = pin.port ?? "out"
                    const ports = new Set([...((node && kinds.portsOf(node)) ?? []), port])
                    return (
                        <li key={at} className="row">
                            <span>{title}</span>
                            <select aria-label={`${title}: port`} value={port} onChange={(event) => onTry(repinned(trial, pin, event.target.value))}>
                                {[...ports].map((each) => (
                                    <option key={each} value={each}>
                                        {kinds.portLabelOf(node, each)}
                                    </option>
                                ))}
                            </select>
                            <button type="button" aria-label={`Unpin ${title}`} onClick={() => onTry(unpinned(trial, pin))}>
                                Unpin
                            </button>
                        </li>
                    )
                })}
            </ul>
        </fieldset>
    )
}
