// What is open on the drawing board, and where one is on it: nothing of it is part of the flow.

import { createContext, useContext, useSyncExternalStore } from "react"
import { nodeOf, type Definition, type Where } from "../model/definition"
import type { Selection } from "../store/editor_store"

/** Where a node of the palette goes. */
export type Place =
    | { readonly is: "free"; readonly at: Where }
    | { readonly is: "behind"; readonly id: string; readonly port: string; readonly at?: Where }
    | { readonly is: "edge"; readonly key: string }

/** A point of the window, in pixels. */
export type Point = { readonly x: number; readonly y: number }

export interface Source {
    readonly id: string
    readonly port: string
}

/** What has a name, or a text. */
export interface Thing {
    readonly of: "node" | "note" | "group"
    readonly id: string
}

export type Dialog = "commands" | "help" | "search" | "extract" | "publish"

export interface BoardState {
    /** The node that the keys are about. */
    readonly current: string | null
    /** One of its ports, where keys are about that. */
    readonly port: string | null
    /** Whence one came to the current node: of a node to which several lead, the way back. */
    readonly cameFrom: string | null
    readonly adding: { readonly place: Place; readonly point: Point } | null
    readonly connecting: Source | null
    /** What is named, or written, in its place. */
    readonly renaming: Thing | null
    /** The edge onto which a node of the palette would fall now. */
    readonly dropEdge: string | null
    /** The group into which what is dragged would fall now. */
    readonly dropGroup: string | null
    readonly dialog: Dialog | null
    readonly menu: Point | null
    readonly isListed: boolean
    readonly isPaletteOpen: boolean
}

/** What the drawing can do for the keys, as long as it is there. */
export interface View {
    zoom(by: "in" | "out" | "whole" | "fit"): void
    /** Bring a node, an edge, a note or a group into view, where it is not. */
    show(id: string): void
    /** Where the pointer is on the drawing, or was last; else the middle of what is seen of it. */
    target(): Where
    /** Where a node ends in the window. */
    pointOf(id: string): Point
    focus(): void
}

const NOTHING_OPEN: BoardState = {
    current: null,
    port: null,
    cameFrom: null,
    adding: null,
    connecting: null,
    renaming: null,
    dropEdge: null,
    dropGroup: null,
    dialog: null,
    menu: null,
    isListed: false,
    isPaletteOpen: true,
}

export class Board {
    state: BoardState
    view: View | null = null
    private readonly listeners = new Set<() => void>()

    /** In a small window it begins with the list, as a drawing needs room. */
    constructor(isSmall = false) {
        this.state = { ...NOTHING_OPEN, isListed: isSmall, isPaletteOpen: !isSmall }
    }

    readonly subscribe = (listener: () => void): (() => void) => {
        this.listeners.add(listener)
        return () => this.listeners.delete(listener)
    }

    set(change: Partial<BoardState>): void {
        this.state = { ...this.state, ...change }
        for (const listener of this.listeners) listener()
    }

    /** Show the list instead of the drawing, or the drawing instead of the list, and go there. */
    turn(): void {
        this.set({ isListed: !this.state.isListed, port: null })
        requestAnimationFrame(() => this.view?.focus())
    }

    /** Close what is open over the board, and go back to it. */
    close(): void {
        this.set({ adding: null, connecting: null, renaming: null, dialog: null, menu: null })
        this.view?.focus()
    }
}

export const BoardContext = createContext<Board | null>(null)

export function useBoard(): Board {
    const board = useContext(BoardContext)
    if (!board) throw new Error("There is no board around this component.")
    return board
}

export function useBoardState<T>(part: (state: BoardState) => T): T {
    const board = useBoard()
    return useSyncExternalStore(board.subscribe, () => part(board.state))
}

/** Return the node that keys are about: the one selected last, or the only one that is. */
export function currentOf(board: BoardState, selection: Selection, definition: Definition): string | null {
    const { current } = board
    const { nodes, notes, groups } = selection
    if (current !== null && nodes.has(current)) return current
    const [only] = nodes
    if (only !== undefined && nodes.size === 1) return only
    const isNothing = nodes.size + notes.size + groups.size === 0
    return isNothing && current !== null && nodeOf(definition, current) ? current : null
}
