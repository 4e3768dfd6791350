import { groupChosen, takeOutOfGroup, thingOf } from "../../deeds/beside"
import { remove, toggleDisabled } from "../../deeds/changing"
import { copy, duplicate } from "../../deeds/copying"
import { chosen } from "../../deeds/desk"
import { askForFlow } from "../../deeds/extracting"
import { groupOf } from "../../model/groups"
import { SUB_FLOW } from "../../model/subflow"
import { areNodes, hasChosen, isChanging, isEditable, type Command, type Office } from "./command"

export const CHANGING: readonly Command[] = [
    {
        id: "rename",
        title: "Rename, or write",
        group: "Change",
        keys: ["F2"],
        scope: "board",
        isThere: (office) => isEditable(office) && thingOf(office) !== null,
        run: (office) => office.board.set({ renaming: thingOf(office) }),
    },
    {
        id: "disable",
        title: "Disable, or enable",
        group: "Change",
        keys: ["D"],
        scope: "board",
        isThere: areNodes,
        run: toggleDisabled,
    },
    {
        id: "group",
        title: "Group",
        group: "Change",
        keys: ["G"],
        scope: "board",
        isThere: areNodes,
        run: groupChosen,
    },
    {
        id: "leave-group",
        title: "Take out of the group",
        group: "Change",
        keys: ["Alt+Shift+G"],
        scope: "board",
        isThere: (office) => isEditable(office) && [...chosen(office).nodes].some((id) => isInGroup(office, id)),
        run: takeOutOfGroup,
    },
    {
        id: "extract",
        title: "Make a sub-flow of it …",
        group: "Change",
        keys: ["Alt+X"],
        scope: "board",
        isThere: (office) => areNodes(office) && hasSubFlows(office),
        run: askForFlow,
    },
    {
        id: "cut",
        title: "Cut",
        group: "Change",
        keys: ["Mod+X"],
        scope: "board",
        isClipboard: true,
        isThere: isChanging,
        run: (office) => void toClipboard(office).then((isDone) => isDone && remove(office, false)),
    },
    {
        id: "copy",
        title: "Copy",
        group: "Change",
        keys: ["Mod+C"],
        scope: "board",
        isClipboard: true,
        isThere: hasChosen,
        run: (office) => void toClipboard(office),
    },
    {
        id: "paste",
        title: "Paste",
        group: "Change",
        keys: ["Mod+V"],
        scope: "board",
        isClipboard: true,
        isForKeys: true,
        isThere: isEditable,
        run: () => {},
    },
    {
        id: "duplicate",
        title: "Duplicate",
        group: "Change",
        keys: ["Mod+D"],
        scope: "board",
        isThere: isChanging,
        run: duplicate,
    },
    {
        id: "delete",
        title: "Delete",
        group: "Change",
        keys: ["Delete", "Backspace"],
        scope: "board",
        isThere: isEditable,
        run: (office) => remove(office, false),
    },
    {
        id: "delete-and-heal",
        title: "Delete, and close the gap",
        group: "Change",
        keys: ["Mod+Delete", "Mod+Backspace"],
        scope: "board",
        isThere: areNodes,
        run: (office) => remove(office, true),
    },
    {
        id: "undo",
        title: "Undo",
        group: "Change",
        keys: ["Mod+Z"],
        scope: "anywhere",
        isThere: ({ store }) => store.isEditable && store.state.history.past.length > 0,
        run: ({ store }) => store.undo(),
    },
    {
        id: "redo",
        title: "Redo",
        group: "Change",
        keys: ["Mod+Shift+Z", "Mod+Y"],
        scope: "anywhere",
        isThere: ({ store }) => store.isEditable && store.state.history.future.length > 0,
        run: ({ store }) => store.redo(),
    },
]

function hasSubFlows({ store, boot }: Office): boolean {
    return store.state.kinds.of(SUB_FLOW)?.flow_kinds.includes(boot.flow.kind) ?? false
}

function isInGroup({ store }: Office, id: string): boolean {
    return groupOf(store.state.definition, id) !== undefined
}

async function toClipboard(office: Office): Promise<boolean> {
    const text = copy(office)
    if (!text) return false
    try {
        await navigator.clipboard.writeText(text)
        return true
    } catch {
        office.store.refuse("The browser does not let this page write to the clipboard: press the keys instead.")
        return false
    }
}
