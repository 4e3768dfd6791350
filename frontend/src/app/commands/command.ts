// What a command is, and when some are there.

import type { Boot } from "../../boot"
import { currentOf, type Point } from "../../canvas/board"
import { thingOf } from "../../deeds/beside"
import { chosen, type Desk } from "../../deeds/desk"
import { shownOf } from "../../store/use_editor"

/** Where its keys are heard: on the drawing alone, there and in the list, or wherever one is but in fields. */
export type Scope = "canvas" | "board" | "anywhere"

export interface Office extends Desk {
    readonly boot: Boot
}

export interface Command {
    readonly id: string
    readonly title: string
    readonly group: "Add" | "Go" | "Change" | "Select" | "Arrange" | "View" | "Mode"
    readonly keys: readonly string[]
    readonly scope: Scope
    /** Heard in fields, too. */
    readonly isForFields?: boolean
    /** Its keys mean the clipboard of the browser, which says itself when they are pressed. */
    readonly isClipboard?: boolean
    /** Not for the menu of a node, nor for the list of commands: it is about keys alone. */
    readonly isForKeys?: boolean
    readonly isThere?: (office: Office) => boolean
    readonly run: (office: Office) => void
}

/** Whether the flow is drawn just now: in other modes it is looked at. */
export const isEditable = ({ store }: Office): boolean => store.isEditable && store.state.mode === "draw"

export function current({ store, board }: Office): string | null {
    return currentOf(board.state, store.state.selection, shownOf(store.state))
}

export const hasChosen = (office: Office): boolean => chosen(office).nodes.size + chosen(office).notes.size > 0
export const isChanging = (office: Office): boolean => isEditable(office) && hasChosen(office)
export const areNodes = (office: Office): boolean => isEditable(office) && chosen(office).nodes.size > 0
export const areMany = (office: Office): boolean => isEditable(office) && chosen(office).nodes.size > 1
export const isOne = (office: Office): boolean => current(office) !== null
export const isOneChanging = (office: Office): boolean => isEditable(office) && isOne(office)

/** Where something opens that is about what is selected. */
export function pointOfCurrent(office: Office): Point {
    return office.board.view?.pointOf(thingOf(office)?.id ?? "") ?? { x: 0, y: 0 }
}
