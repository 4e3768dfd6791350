import { addNote } from "../../deeds/beside"
import { placeBehindCurrent } from "../../deeds/adding"
import { nodeOf } from "../../model/definition"
import { current, isEditable, isOneChanging, pointOfCurrent, type Command, type Office } from "./command"

export const ADDING: readonly Command[] = [
    {
        id: "add",
        title: "Add a node",
        group: "Add",
        keys: ["A"],
        scope: "board",
        isThere: isEditable,
        run: openPalette,
    },
    {
        id: "add-by-tab",
        title: "Add a node: type, choose, Enter",
        group: "Add",
        keys: ["Tab"],
        scope: "canvas",
        isForKeys: true,
        isThere: isEditable,
        run: openPalette,
    },
    {
        id: "connect",
        title: "Connect with …",
        group: "Add",
        keys: ["C"],
        scope: "board",
        isThere: isOneChanging,
        run: connectCurrent,
    },
    {
        id: "note",
        title: "Write a note",
        group: "Add",
        keys: ["N"],
        scope: "board",
        isThere: isEditable,
        run: (office) => addNote(office),
    },
]

function openPalette(office: Office): void {
    office.board.set({ adding: { place: placeBehindCurrent(office), point: pointOfCurrent(office) } })
}

/** Ask with which node the current one, or its current port, is to be connected. */
export function connectCurrent(office: Office): void {
    const id = current(office)
    const node = id === null ? undefined : nodeOf(office.store.state.definition, id)
    if (!node || !office.store.isEditable) return
    const ports = office.store.state.kinds.portsOf(node) ?? []
    const port = office.board.state.port ?? ports[0]
    if (port === undefined) return office.store.refuse("Nothing leads on from this node.")
    office.board.set({ connecting: { id: node.id, port } })
}
