// How components read the store, and reach it.

import { createContext, useContext, useMemo, useSyncExternalStore } from "react"
import type { Boot } from "../boot"
import { withoutFieldsOf, type Placed } from "../model/problems"
import type { Api } from "../server/api"
import type { NameServer } from "../server/names"
import type { EditorStore, State } from "./editor_store"
import type { Left } from "./journal"

export interface Editor {
    readonly boot: Boot
    readonly api: Api
    readonly names: NameServer
    readonly store: EditorStore
    /** What other tabs of this browser have left unsaved. */
    readonly left: readonly Left[]
    readonly forget: (key: string) => Promise<void>
}

export const EditorContext = createContext<Editor | null>(null)

export function useEditor(): Editor {
    const editor = useContext(EditorContext)
    if (!editor) throw new Error("There is no editor around this component.")
    return editor
}

/** Read a part of the state; the component is drawn anew when that part is another one. */
export function useEditorState<T>(part: (state: State) => T): T {
    const { store } = useEditor()
    return useSyncExternalStore(store.subscribe, () => part(store.state))
}

/** Read the problems that forms and cards show. */
export function useShownProblems(): readonly Placed[] {
    const problems = useEditorState((state) => state.problems)
    const fresh = useEditorState((state) => state.fresh)
    return useMemo(() => withoutFieldsOf(problems, fresh), [problems, fresh])
}

/** Whether what is shown can be drawn on just now. */
export function useIsEditable(): boolean {
    const { store } = useEditor()
    return useEditorState((state) => state.mode === "draw" && state.shown === null) && store.isEditable
}

/** The definition that is shown: the draft, or the version that is looked at. */
export function shownOf({ shown, definition }: State) {
    return shown ?? definition
}
