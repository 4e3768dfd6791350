import { nextGroup, nextNote } from "../../deeds/beside"
import { calledFlow, leave, stepTo, turnPort, type Step } from "../../deeds/stepping"
import { groupsOf, nodeOf, notesOf } from "../../model/definition"
import { shownOf } from "../../store/use_editor"
import { firstIn } from "../focus"
import { connectCurrent } from "./adding"
import { current, isOne, type Command, type Office } from "./command"

function going(id: string, title: string, key: string, step: Step): Command {
    const rest = { group: "Go", scope: "board", isForKeys: true } as const
    return { id, title, keys: [key], ...rest, run: (office) => stepTo(office, step) }
}

export const GOING: readonly Command[] = [
    going("next", "Next node, along the connection", "ArrowDown", "next"),
    going("previous", "Previous node", "ArrowUp", "previous"),
    going("branch-left", "Branch on the left", "ArrowLeft", "left"),
    going("branch-right", "Branch on the right", "ArrowRight", "right"),
    going("first", "First node", "Home", "first"),
    going("last", "Last node", "End", "last"),
    {
        id: "port",
        title: "Next port of the node",
        group: "Go",
        keys: ["P"],
        scope: "board",
        isForKeys: true,
        isThere: isOne,
        run: (office) => turnPort(office, 1),
    },
    {
        id: "port-back",
        title: "Previous port of the node",
        group: "Go",
        keys: ["Shift+P"],
        scope: "board",
        isForKeys: true,
        isThere: isOne,
        run: (office) => turnPort(office, -1),
    },
    {
        id: "next-note",
        title: "Next note",
        group: "Go",
        keys: ["Shift+N"],
        scope: "board",
        isThere: ({ store }) => notesOf(shownOf(store.state)).length > 0,
        run: nextNote,
    },
    {
        id: "next-group",
        title: "Group around the node, then the next group",
        group: "Go",
        keys: ["Shift+G"],
        scope: "board",
        isThere: ({ store }) => groupsOf(shownOf(store.state)).length > 0,
        run: nextGroup,
    },
    {
        id: "open",
        title: "Open the form",
        group: "Go",
        keys: ["Enter"],
        scope: "board",
        run: (office) => {
            if (office.board.state.port !== null) connectCurrent(office)
            else document.getElementById("inspector")?.focus()
        },
    },
    {
        id: "open-flow",
        title: "Open the flow that it calls",
        group: "Go",
        keys: ["Mod+Enter"],
        scope: "board",
        isThere: (office) => flowPage(office) !== null,
        run: (office) => {
            const page = flowPage(office)
            if (page !== null) window.open(page, "_blank", "noopener")
        },
    },
    {
        id: "search",
        title: "Find in the flow",
        group: "Go",
        keys: ["Mod+F"],
        scope: "anywhere",
        run: ({ board }) => board.set({ dialog: "search" }),
    },
    {
        id: "leave",
        title: "Leave the port, then the selection",
        group: "Go",
        keys: ["Escape"],
        scope: "board",
        isForKeys: true,
        run: leave,
    },
    {
        id: "regions",
        title: "To the next part of the page",
        group: "Go",
        keys: ["F6"],
        scope: "anywhere",
        isForFields: true,
        isForKeys: true,
        run: () => toRegion(1),
    },
    {
        id: "regions-back",
        title: "To the previous part of the page",
        group: "Go",
        keys: ["Shift+F6"],
        scope: "anywhere",
        isForFields: true,
        isForKeys: true,
        run: () => toRegion(-1),
    },
]

function flowPage(office: Office): string | null {
    const id = current(office)
    const node = id === null ? undefined : nodeOf(shownOf(office.store.state), id)
    return node ? calledFlow(node, office.store.state.kinds, office.boot) : null
}

const REGIONS = ".toolbar, .palette, .board, .side, .problems-panel"

/** Put the focus on what can first have it in the next part of the page. */
function toRegion(by: 1 | -1): void {
    const regions = [...document.querySelectorAll<HTMLElement>(REGIONS)]
    const at = regions.findIndex((region) => region.contains(document.activeElement))
    const n = regions.length
    for (let step = 1; step <= n; step += 1) {
        const region = regions[(((at < 0 && by < 0 ? 0 : at) + by * step) % n + n) % n]
        const first = region && firstIn(region)
        if (first) return first.focus()
    }
}
