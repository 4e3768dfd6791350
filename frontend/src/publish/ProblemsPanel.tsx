// All that is wrong with the draft; a click leads there.

import { useEffect, useState } from "react"
import { nodeOf, type Definition } from "../model/definition"
import { titleOf, type Kinds } from "../model/kinds"
import type { Place, Placed } from "../model/problems"
import { keepChecked } from "../store/checking"
import { useEditor, useEditorState } from "../store/use_editor"

export function ProblemsPanel() {
    const { api, boot, store } = useEditor()
    useEffect(() => keepChecked(api, boot.flow.key, store), [api, boot, store])
    const problems = useEditorState((state) => state.problems)
    const mode = useEditorState((state) => state.mode)
    const [isOpen, setOpen] = useState(() => window.location.hash === "#problems")
    if (mode !== "draw") return null
    const nMistakes = problems.filter(({ problem }) => !problem.is_warning).length
    const nWarnings = problems.length - nMistakes
    return (
        <section className="problems-panel" aria-label="Problems">
            <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
                {problems.length === 0 ? "No problems" : [counted(nMistakes, "mistake"), counted(nWarnings, "warning")].filter(Boolean).join(", ")}
            </button>
            {isOpen && problems.length > 0 && <List problems={problems} />}
        </section>
    )
}

function counted(n: number, what: string): string {
    return n ? `${n} ${what}${n === 1 ? "" : "s"}` : ""
}

function List({ problems }: { readonly problems: readonly Placed[] }) {
    const { store } = useEditor()
    const definition = useEditorState((state) => state.definition)
    const kinds = useEditorState((state) => state.kinds)
    return (
        <ul>
            {problems.map(({ problem, place }, at) => (
                <li key={at} className={problem.is_warning ? "warning" : "danger"}>
                    <button type="button" onClick={() => goTo(store, place)}>
                        <b>{inWords(place, definition, kinds)}</b> {problem.message}
                    </button>
                </li>
            ))}
        </ul>
    )
}

function inWords(place: Place, definition: Definition, kinds: Kinds): string {
    switch (place.of) {
        case "node": {
            const node = nodeOf(definition, place.id)
            return node ? titleOf(node, kinds) : place.id
        }
        case "edge":
            return place.key
        case "trigger":
            return `Trigger ${place.id}`
        case "flow":
            return place.field ? place.field.replaceAll("_", " ") : "The flow"
    }
}

/** Select what a problem is about, bring it into view, and go to its field. */
function goTo(store: ReturnType<typeof useEditor>["store"], place: Place): void {
    if (place.of === "node") {
        store.select({ nodes: new Set([place.id]) })
        store.reveal(place.id)
    } else store.select(place.of === "edge" ? { edges: new Set([place.key]) } : {})
    requestAnimationFrame(() => focusField(place.of === "node" ? place.setting : place.field))
}

/** Focus the field of a problem in the form, or the form where it has none. */
function focusField(path: string): void {
    const form = document.getElementById("inspector")
    const [name = ""] = path.split(".").filter((each) => !/^\d+$/.test(each)).slice(-1)
    const field = name ? form?.querySelector(`[data-field="${CSS.escape(name)}"]`) : null
    const input = field?.querySelector<HTMLElement>("input, select, textarea, button")
    ;(input ?? form)?.focus()
}
