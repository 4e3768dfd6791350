import { align, distribute, layOut, move } from "../../deeds/changing"
import { areMany, isChanging, isEditable, type Command } from "./command"

/** How far the keys move what is chosen, in pixels. */
const [NEAR, FAR] = [10, 100]

function moving(direction: string, key: string, x: number, y: number): Command[] {
    const rest = { group: "Arrange", scope: "board", isForKeys: true, isThere: isChanging } as const
    const one = (id: string, title: string, chord: string, by: number): Command => {
        return { id, title, keys: [chord], ...rest, run: (office) => move(office, { x: x * by, y: y * by }) }
    }
    return [
        one(`move-${direction}`, `Move ${direction}`, `Mod+${key}`, NEAR),
        one(`move-${direction}-far`, `Move ${direction}, far`, `Mod+Shift+${key}`, FAR),
    ]
}

const SIDES = [
    ["left", "Align left edges"],
    ["center", "Align centres"],
    ["right", "Align right edges"],
    ["top", "Align tops"],
    ["middle", "Align middles"],
    ["bottom", "Align bottoms"],
] as const
const WAYS = [
    ["across", "Distribute across"],
    ["down", "Distribute down"],
] as const
const OF_MANY = { group: "Arrange", keys: [], scope: "board", isThere: areMany } as const

export const ARRANGING: readonly Command[] = [
    ...moving("up", "ArrowUp", 0, -1),
    ...moving("down", "ArrowDown", 0, 1),
    ...moving("left", "ArrowLeft", -1, 0),
    ...moving("right", "ArrowRight", 1, 0),
    {
        id: "lay-out",
        title: "Lay out",
        group: "Arrange",
        keys: ["Alt+Shift+T"],
        scope: "board",
        isThere: isEditable,
        run: (office) => void layOut(office),
    },
    ...SIDES.map(([side, title]): Command => ({ id: `align-${side}`, title, ...OF_MANY, run: (office) => align(office, side) })),
    ...WAYS.map(([way, title]): Command => {
        return { id: `distribute-${way}`, title, ...OF_MANY, run: (office) => distribute(office, way) }
    }),
]
