// What can be done to the whole: modes, undo and redo, arranging, and what stands on the right.

import { useState, type MouseEvent, type ReactNode } from "react"
import { useBoard, useBoardState, type Point } from "../canvas/board"
import { useEditor, useEditorState } from "../store/use_editor"
import { CommandMenu } from "./CommandMenu"
import { COMMANDS } from "./commands"
import { MODES } from "./commands/modes"
import { written } from "./keys"
import { useOffice } from "./office"
import { Popover } from "./Popover"

export function Toolbar({ children }: { readonly children: ReactNode }) {
    const { boot, store } = useEditor()
    const board = useBoard()
    const mode = useEditorState((state) => state.mode)
    const past = useEditorState((state) => state.history.past.at(-1)?.label)
    const future = useEditorState((state) => state.history.future.at(-1)?.label)
    const isListed = useBoardState((state) => state.isListed)
    return (
        <header className="toolbar">
            <h1>
                <a href={boot.pages.flow}>{boot.flow.name}</a>
            </h1>
            <nav aria-label="Modes">
                {MODES.map(([key, title]) => (
                    <button
                        key={key}
                        type="button"
                        aria-current={mode === key ? "page" : undefined}
                        onClick={() => store.enter(key)}
                    >
                        {title}
                    </button>
                ))}
            </nav>
            <div className="tools">
                <Step label="Undo" of={past} keys="Mod+Z" onClick={() => store.undo()} />
                <Step label="Redo" of={future} keys="Mod+Shift+Z" onClick={() => store.redo()} />
                <ArrangeMenu />
                <button type="button" aria-pressed={isListed} onClick={() => board.turn()}>
                    List
                </button>
                <button
                    type="button"
                    aria-label="Help on keys"
                    title={`Keys (?); all commands: ${written("Mod+K")}`}
                    onClick={() => board.set({ dialog: "help" })}
                >
                    ?
                </button>
            </div>
            {children}
        </header>
    )
}

interface StepProps {
    readonly label: string
    /** What it would undo, or do again. */
    readonly of: string | undefined
    readonly keys: string
    readonly onClick: () => void
}

function Step({ label, of, keys, onClick }: StepProps) {
    const title = of === undefined ? label : `${label}: ${of}`
    return (
        <button
            type="button"
            disabled={of === undefined}
            aria-label={title}
            title={`${title} (${written(keys)})`}
            onClick={onClick}
        >
            {label}
        </button>
    )
}

function ArrangeMenu() {
    const office = useOffice()
    const [point, setPoint] = useState<Point | null>(null)
    const open = (event: MouseEvent) => {
        const { left, bottom } = event.currentTarget.getBoundingClientRect()
        setPoint({ x: left, y: bottom })
    }
    const close = () => {
        setPoint(null)
        office.board.view?.focus()
    }
    const commands = COMMANDS.filter(
        ({ group, isForKeys, isThere }) =>
            (group === "Arrange" || group === "View") && !isForKeys && isThere?.(office) !== false,
    )
    return (
        <>
            <button type="button" aria-haspopup="menu" aria-expanded={point !== null} onClick={open}>
                Arrange
            </button>
            {point && (
                <Popover point={point} label="Arrange" onClose={close}>
                    <CommandMenu label="Arrange" commands={commands} onClose={close} />
                </Popover>
            )}
        </>
    )
}
