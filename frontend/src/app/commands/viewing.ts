import { thingOf } from "../../deeds/beside"
import { pointOfCurrent, type Command } from "./command"

const ZOOMS = [
    ["in", "Zoom in", ["+", "="]],
    ["out", "Zoom out", ["-"]],
    ["whole", "Zoom to 100 %", ["0"]],
    ["fit", "Zoom to all", ["1"]],
] as const

export const VIEWING: readonly Command[] = [
    ...ZOOMS.map(([by, title, keys]): Command => {
        const rest = { group: "View", scope: "canvas" } as const
        return { id: `zoom-${by}`, title, keys, ...rest, run: ({ board }) => board.view?.zoom(by) }
    }),
    {
        id: "list",
        title: "Drawing or list",
        group: "View",
        keys: ["L"],
        scope: "board",
        run: ({ board }) => board.turn(),
    },
    {
        id: "menu",
        title: "Menu of what is selected",
        group: "View",
        keys: ["ContextMenu", "Shift+F10"],
        scope: "board",
        isForKeys: true,
        isThere: (office) => thingOf(office) !== null,
        run: (office) => office.board.set({ menu: pointOfCurrent(office) }),
    },
    {
        id: "commands",
        title: "All commands",
        group: "View",
        keys: ["Mod+K", "Mod+Shift+P"],
        scope: "anywhere",
        isForFields: true,
        isForKeys: true,
        run: ({ board }) => board.set({ dialog: "commands" }),
    },
    {
        id: "help",
        title: "Help on keys",
        group: "View",
        keys: ["?"],
        scope: "board",
        run: ({ board }) => board.set({ dialog: "help" }),
    },
    {
        id: "help-anywhere",
        title: "Help on keys, from fields, too",
        group: "View",
        keys: ["F1"],
        scope: "anywhere",
        isForFields: true,
        isForKeys: true,
        run: ({ board }) => board.set({ dialog: "help" }),
    },
]
