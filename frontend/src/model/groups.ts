// Groups: nodes that belong together. A frame is drawn around them; it is where they are.

import {
    GROUP_COLOR,
    groupsOf,
    positionOf,
    type Color,
    type Definition,
    type Group,
    type Size,
    type Where,
} from "./definition"
import { freshId, type Chance } from "./ids"

/** Room between a frame and what is in it, in steps of the grid; above is the name. */
const [ROOM, ROOM_ABOVE] = [20, 50]

export function groupById(definition: Definition, id: string): Group | undefined {
    return groupsOf(definition).find((group) => group.id === id)
}

/** Return the group of a node, if it is in one. */
export function groupOf(definition: Definition, node: string): Group | undefined {
    return groupsOf(definition).find((group) => group.nodes.includes(node))
}

/** Make a group of nodes, which leave those in which they were; nothing is made of none. */
export function grouped(definition: Definition, ids: ReadonlySet<string>, chance: Chance, name = ""): Definition {
    const nodes = definition.nodes.filter((node) => ids.has(node.id)).map((node) => node.id)
    if (!nodes.length) return definition
    const id = freshId("group", chance, (each) => groupById(definition, each) !== undefined)
    const left = groupLeft(definition, ids)
    return { ...left, groups: [...groupsOf(left), { id, name, nodes }] }
}

/** Take groups away; their nodes stay. */
export function ungrouped(definition: Definition, ids: ReadonlySet<string>): Definition {
    return withGroups(definition, groupsOf(definition).filter((group) => !ids.has(group.id)))
}

/** Call a group something, or draw it in another colour. */
export function groupChanged(
    definition: Definition,
    id: string,
    { name, color }: { readonly name?: string; readonly color?: Color },
): Definition {
    return changed(definition, id, (group) => {
        const isNamed = name !== undefined && name !== (group.name ?? "")
        const isColored = color !== undefined && color !== (group.color ?? GROUP_COLOR)
        return isNamed || isColored ? { ...group, ...(isNamed && { name }), ...(isColored && { color }) } : group
    })
}

/** Put nodes into a group; they leave those in which they were. */
export function groupJoined(definition: Definition, id: string, ids: ReadonlySet<string>): Definition {
    const group = groupById(definition, id)
    const nodes = definition.nodes.map((node) => node.id).filter((each) => ids.has(each))
    const coming = nodes.filter((each) => group && !group.nodes.includes(each))
    if (!coming.length) return definition
    const left = groupLeft(definition, new Set(coming))
    return changed(left, id, (each) => ({ ...each, nodes: [...each.nodes, ...coming] }))
}

/** Take nodes out of their groups; one without any is gone. */
export function groupLeft(definition: Definition, ids: ReadonlySet<string>): Definition {
    const groups = groupsOf(definition).map((group) => {
        const nodes = group.nodes.filter((id) => !ids.has(id))
        return nodes.length === group.nodes.length ? group : { ...group, nodes }
    })
    return withGroups(definition, groups.filter((group) => group.nodes.length))
}

/** Return where a group is drawn: around its nodes, with room for its name. */
export function frameOf(definition: Definition, group: Group, sizeOf: (id: string) => Size): Where & Size {
    const boxes = definition.nodes
        .filter((node) => group.nodes.includes(node.id))
        .map((node) => ({ ...positionOf(node), ...sizeOf(node.id) }))
    if (!boxes.length) return { x: 0, y: 0, width: 0, height: 0 }
    const [x, y] = [Math.min(...boxes.map((box) => box.x)), Math.min(...boxes.map((box) => box.y))]
    const right = Math.max(...boxes.map((box) => box.x + box.width))
    const bottom = Math.max(...boxes.map((box) => box.y + box.height))
    const [width, height] = [right - x + 2 * ROOM, bottom - y + ROOM + ROOM_ABOVE]
    return { x: x - ROOM, y: y - ROOM_ABOVE, width, height }
}

function changed(definition: Definition, id: string, change: (group: Group) => Group): Definition {
    return withGroups(definition, groupsOf(definition).map((group) => (group.id === id ? change(group) : group)))
}

function withGroups(definition: Definition, groups: readonly Group[]): Definition {
    const before = groupsOf(definition)
    const isSame = groups.length === before.length && groups.every((group, at) => group === before[at])
    return isSame ? definition : { ...definition, groups }
}
