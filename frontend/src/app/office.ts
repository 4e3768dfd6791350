import { useMemo } from "react"
import { useBoard } from "../canvas/board"
import { useEditor } from "../store/use_editor"
import type { Office } from "./commands/command"

/** What commands work on. */
export function useOffice(): Office {
    const { boot, store } = useEditor()
    const board = useBoard()
    return useMemo(() => ({ boot, store, board }), [boot, store, board])
}
