import type { Mode } from "../../store/editor_store"
import type { Command, Office } from "./command"

export const MODES: readonly (readonly [Mode, string])[] = [
    ["draw", "Draw"],
    ["try", "Try"],
    ["simulate", "Simulate"],
    ["live", "Live"],
    ["versions", "Versions"],
]

export const MODE_COMMANDS: readonly Command[] = [
    ...MODES.map(([mode, title]): Command => {
        return { id: mode, title, group: "Mode", keys: [], scope: "anywhere", run: (office) => enter(office, mode) }
    }),
    {
        id: "publish",
        title: "Publish …",
        group: "Mode",
        keys: [],
        scope: "anywhere",
        isThere: ({ boot, store }) => boot.may.publish && !store.state.isUnsaved,
        run: ({ board }) => board.set({ dialog: "publish" }),
    },
]

/** Go to what a mode is about: the drawing, or the panel beside it. */
function enter({ store, board }: Office, mode: Mode): void {
    store.enter(mode)
    if (mode === "draw") board.view?.focus()
    else document.querySelector<HTMLElement>(".side")?.focus()
}
