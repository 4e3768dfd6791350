// Offers what another tab of this browser has left unsaved.

import { useState } from "react"
import { READ_ONLY } from "../deeds/desk"
import { differs, type Definition } from "../model/definition"
import { merged } from "../model/merge"
import { timeOf } from "./author"
import type { Left } from "../store/journal"
import { useEditor, useEditorState } from "../store/use_editor"

export function LeftBehind() {
    const { left } = useEditor()
    const [done, setDone] = useState<ReadonlySet<string>>(new Set())
    const [first] = left.filter((each) => !done.has(each.key))
    if (!first) return null
    return <Offer left={first} onDone={() => setDone(new Set([...done, first.key]))} />
}

function Offer({ left, onDone }: { readonly left: Left; readonly onDone: () => void }) {
    const { store, forget } = useEditor()
    const definition = useEditorState((state) => state.definition)
    const isOvertaken = merged(left.base, left.mine, definition).conflicts.length > 0
    const bring = (each: Definition) => merged(left.base, left.mine, each).definition
    const bringIn = () => {
        const isIn = !differs(bring(definition), definition)
        if (isIn || store.act({ label: "Bring in what another tab had" }, bring)) drop()
        else if (!store.isEditable) store.refuse(READ_ONLY)
    }
    const drop = () => {
        void forget(left.key)
        onDone()
    }
    return (
        <div className="notice" role="alert">
            <p>
                Another tab of yours was closed{timeOf(left)} with changes of this flow that were not saved.{" "}
                {isOvertaken && "Some of it was changed since: what that tab had takes its place. "}
                Undo takes them out again.
            </p>
            <button type="button" onClick={bringIn}>
                Bring them in
            </button>
            <button type="button" onClick={drop}>
                Forget them
            </button>
            <button type="button" onClick={onDone}>
                Later
            </button>
        </div>
    )
}
