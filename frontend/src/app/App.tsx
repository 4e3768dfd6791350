// The editor: what is around the drawing board, and what belongs to each mode.

import { useEffect, useRef, useState } from "react"
import { EditorContext, type Editor, useEditorState } from "../store/use_editor"
import { Board, BoardContext, useBoardState } from "../canvas/board"
import { Canvas } from "../canvas/Canvas"
import { SearchBar } from "../canvas/SearchBar"
import { useRevealed } from "../canvas/use_view"
import { Palette } from "../palette/Palette"
import { Inspector } from "../inspector/Inspector"
import { Guarded } from "./Guarded"
import { Toolbar } from "./Toolbar"
import { SaveStatus } from "../saving/SaveStatus"
import { LeftBehind } from "../saving/LeftBehind"
import { MergeView } from "../saving/MergeView"
import { PublishButton } from "../publish/PublishButton"
import { ProblemsPanel } from "../publish/ProblemsPanel"
import { Outline } from "../outline/Outline"
import { TryPanel } from "../trying/TryPanel"
import { SimulatePanel } from "../simulating/SimulatePanel"
import { LivePanel } from "../live/LivePanel"
import { VersionsPanel } from "../publish/VersionsPanel"
import { useOffice } from "./office"
import { Overlays } from "./Overlays"
import { Said } from "./Said"
import { useFocusKept } from "./use_focus_kept"
import { useKeys } from "./use_keys"

/** A window in which the drawing has no room. */
const SMALL = "(max-width: 40rem)"

export function App({ editor }: { readonly editor: Editor }) {
    const [board] = useState(() => new Board(window.matchMedia(SMALL).matches))
    return (
        <EditorContext value={editor}>
            <BoardContext value={board}>
                <Guarded>
                    <Desk />
                </Guarded>
            </BoardContext>
        </EditorContext>
    )
}

function Desk() {
    const editor = useRef<HTMLDivElement>(null)
    useKeys(useOffice())
    useFocusKept(editor)
    useRevealed()
    const mode = useEditorState((state) => state.mode)
    const isListed = useBoardState((state) => state.isListed)
    const isUnselected = useEditorState(({ selection }) => Object.values(selection).every((ids) => ids.size === 0))
    const side = useRef<HTMLElement>(null)
    const selected = useEditorState(({ selection }) => Object.values(selection).flatMap((ids) => [...ids]).join())
    useEffect(() => void side.current?.scrollTo(0, 0), [mode, selected])
    const isSearching = useBoardState((state) => state.dialog === "search")
    return (
        <div
            ref={editor}
            className="editor"
            data-mode={mode}
            data-listed={isListed || undefined}
            data-unselected={(mode === "draw" && isUnselected) || undefined}
        >
            <Toolbar>
                <SaveStatus />
                <PublishButton />
            </Toolbar>
            {mode === "draw" && <Palette />}
            <main className="board">
                {isSearching && <SearchBar />}
                {isListed ? <Outline /> : <Canvas />}
            </main>
            <aside ref={side} className="side" aria-label="Details" tabIndex={-1}>
                {mode === "draw" && <Inspector />}
                {mode === "try" && <TryPanel />}
                {mode === "simulate" && <SimulatePanel />}
                {mode === "live" && <LivePanel />}
                {mode === "versions" && <VersionsPanel />}
            </aside>
            <ProblemsPanel />
            <LeftBehind />
            <MergeView />
            <Overlays />
            <Said />
        </div>
    )
}
