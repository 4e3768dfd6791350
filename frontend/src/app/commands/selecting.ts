import { extend, toggle, type Step } from "../../deeds/stepping"
import { edgeKey, groupsOf, notesOf } from "../../model/definition"
import { shownOf } from "../../store/use_editor"
import { isOne, type Command } from "./command"

function extending(id: string, title: string, key: string, step: Step): Command {
    const rest = { group: "Select", scope: "board", isForKeys: true } as const
    return { id, title, keys: [key], ...rest, run: (office) => extend(office, step) }
}

export const SELECTING: readonly Command[] = [
    {
        id: "select",
        title: "Take the node in, or out",
        group: "Select",
        keys: ["Space"],
        scope: "board",
        isForKeys: true,
        isThere: isOne,
        run: toggle,
    },
    extending("extend-next", "Take the next node in", "Shift+ArrowDown", "next"),
    extending("extend-previous", "Take the previous node in", "Shift+ArrowUp", "previous"),
    extending("extend-left", "Take the branch on the left in", "Shift+ArrowLeft", "left"),
    extending("extend-right", "Take the branch on the right in", "Shift+ArrowRight", "right"),
    {
        id: "select-all",
        title: "Select all",
        group: "Select",
        keys: ["Mod+A"],
        scope: "board",
        run: ({ store }) => {
            const definition = shownOf(store.state)
            const ids = (parts: readonly { readonly id: string }[]) => new Set(parts.map(({ id }) => id))
            store.select({
                nodes: ids(definition.nodes),
                edges: new Set(definition.edges.map(edgeKey)),
                notes: ids(notesOf(definition)),
                groups: ids(groupsOf(definition)),
            })
        },
    },
]
