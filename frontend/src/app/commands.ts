// All that can be done by key: the keys, the menu, the list of commands and the help on keys are made of this one table.

import { ADDING } from "./commands/adding"
import { ARRANGING } from "./commands/arranging"
import { CHANGING } from "./commands/changing"
import type { Command, Scope } from "./commands/command"
import { GOING } from "./commands/going"
import { MODE_COMMANDS } from "./commands/modes"
import { SELECTING } from "./commands/selecting"
import { VIEWING } from "./commands/viewing"

export const COMMANDS: readonly Command[] = [
    ...ADDING,
    ...GOING,
    ...CHANGING,
    ...SELECTING,
    ...ARRANGING,
    ...VIEWING,
    ...MODE_COMMANDS,
]

const HEARD: Readonly<Record<Scope, readonly Scope[]>> = {
    canvas: ["canvas", "board", "anywhere"],
    board: ["board", "anywhere"],
    anywhere: ["anywhere"],
}

/** Find what a key means; null where it means nothing there. */
export function commandOf(chord: string, scope: Scope, isInField: boolean): Command | null {
    const found = COMMANDS.find((command) => command.keys.includes(chord))
    if (!found || found.isClipboard || (isInField && !found.isForFields)) return null
    return HEARD[scope].includes(found.scope) ? found : null
}

/** Find commands by words of their titles; the one that is called just so comes first. */
export function foundCommands(wanted: string): readonly Command[] {
    const text = wanted.trim().toLowerCase()
    const words = text.split(/\s+/)
    const found = COMMANDS.filter(({ title }) => words.every((word) => title.toLowerCase().includes(word)))
    const isCalledSo = ({ title }: Command) => title.toLowerCase() === text
    return [...found.filter(isCalledSo), ...found.filter((each) => !isCalledSo(each))]
}
