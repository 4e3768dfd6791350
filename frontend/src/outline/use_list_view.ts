import { useEffect, type RefObject } from "react"
import { useBoard, type View } from "../canvas/board"
import { CARD_HEIGHT } from "../canvas/sizes"
import { positionOf } from "../model/definition"
import { shownOf, useEditor } from "../store/use_editor"
import { rowElementId } from "./NodeRow"

/** Room below what is drawn, for what is added to nothing. */
const BELOW = 60

/** Let keys and panels reach the list as long as it is there. */
export function useListView(list: RefObject<HTMLDivElement | null>): void {
    const { store } = useEditor()
    const board = useBoard()
    useEffect(() => {
        const lineOf = (id: string) => document.getElementById(rowElementId(id)) ?? document.getElementById(`in-list-${id}`)
        const view: View = {
            zoom: () => {},
            // What was added just now is drawn first.
            show: (id) => requestAnimationFrame(() => lineOf(id)?.scrollIntoView({ block: "nearest" })),
            target: () => {
                const places = store.arrange(shownOf(store.state)).nodes.map(positionOf)
                const bottom = Math.max(0, ...places.map(({ y }) => y))
                return { x: places[0]?.x ?? 0, y: bottom + CARD_HEIGHT + BELOW }
            },
            pointOf: (id) => {
                const { left, bottom } = (lineOf(id) ?? list.current)?.getBoundingClientRect() ?? new DOMRect()
                return { x: left + 48, y: bottom }
            },
            focus: () => list.current?.querySelector<HTMLElement>("[role=grid]")?.focus({ preventScroll: true }),
        }
        board.view = view
        return () => {
            if (board.view === view) board.view = null
        }
    }, [store, board, list])
}
