// What opens over the board: the palette at a place, the menu, the commands, the help on keys, the search.

import { useState } from "react"
import { useBoard, useBoardState } from "../canvas/board"
import { ConnectPopover } from "../canvas/ConnectPopover"
import { PalettePopover } from "../palette/PalettePopover"
import { Chooser } from "./Chooser"
import { CommandMenu } from "./CommandMenu"
import { COMMANDS, foundCommands } from "./commands"
import type { Command } from "./commands/command"
import { Dialog } from "./Dialog"
import { ExtractDialog } from "./ExtractDialog"
import { written } from "./keys"
import { useOffice } from "./office"
import { Popover } from "./Popover"

const GROUPS: readonly Command["group"][] = ["Add", "Go", "Change", "Select", "Arrange", "View"]

export function Overlays() {
    const dialog = useBoardState((state) => state.dialog)
    return (
        <>
            <PalettePopover />
            <ConnectPopover />
            <NodeMenu />
            {dialog === "commands" && <AllCommands />}
            {dialog === "help" && <HelpOnKeys />}
            {dialog === "extract" && <ExtractDialog />}
        </>
    )
}

function NodeMenu() {
    const board = useBoard()
    const office = useOffice()
    const point = useBoardState((state) => state.menu)
    if (!point) return null
    const commands = COMMANDS.filter(
        ({ isForKeys, scope, group, isThere }) =>
            !isForKeys && scope !== "anywhere" && group !== "View" && isThere?.(office) !== false,
    )
    const close = () => board.close()
    return (
        <Popover point={point} label="Menu" onClose={close}>
            <CommandMenu label="What can be done" commands={commands} onClose={close} />
        </Popover>
    )
}

function AllCommands() {
    const board = useBoard()
    const office = useOffice()
    const [wanted, setWanted] = useState("")
    const found = foundCommands(wanted).filter(({ isForKeys, isThere }) => !isForKeys && isThere?.(office) !== false)
    return (
        <Dialog title="All commands" onClose={() => board.close()}>
            <Chooser
                label="Find a command"
                wanted={wanted}
                onWanted={setWanted}
                items={found}
                keyOf={(command) => command.id}
                onChoose={(command) => {
                    board.close()
                    // The dialog gives the focus back first.
                    setTimeout(() => command.run(office))
                }}
                show={(command) => (
                    <>
                        <span>{command.title}</span>
                        {command.keys[0] !== undefined && <kbd>{written(command.keys[0])}</kbd>}
                    </>
                )}
            />
        </Dialog>
    )
}

function HelpOnKeys() {
    const board = useBoard()
    return (
        <Dialog title="Keys" onClose={() => board.close()}>
            <p>
                The drawing is one stop for the Tab key, and so is the list (L). While one of them has the focus, these keys
                are heard; those marked with * wherever you are but in fields. F6 and Shift+Tab leave it. In the list, ↑ and
                ↓ go row by row, → along the connection, and ← back. {written("Mod+K")} finds commands by their names, those
                too that lead to trying, to what is live and to the versions, and that publish.
            </p>
            <p>
                With the mouse: drag from a port to a node, or to where a new one is to be; drag with Shift around what you
                select; Ctrl, or Shift, and a click take one more; drag a node over a frame to put it into the group; the
                right button opens the menu.
            </p>
            <div className="help-keys">
                {GROUPS.map((group) => (
                    <section key={group}>
                        <h3>{group}</h3>
                        <dl>
                            {COMMANDS.filter((command) => command.group === group && command.keys.length > 0).map(
                                (command) => (
                                    <div key={command.id}>
                                        <dt>
                                            {command.title}
                                            {command.scope === "anywhere" && " *"}
                                        </dt>
                                        <dd>
                                            {command.keys.map((key) => (
                                                <kbd key={key}>{written(key)}</kbd>
                                            ))}
                                        </dd>
                                    </div>
                                ),
                            )}
                        </dl>
                    </section>
                ))}
            </div>
        </Dialog>
    )
}
