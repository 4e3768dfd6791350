// A graph as an ordered list: what a screen reader tells of it, and the ways that the arrow keys go.

import { groupOf } from "./groups"
import { isDisabled, nodeOf, notesOf, portOf, positionOf, sizeOfNote, type Definition, type NodePart } from "./definition"
import { portsShown, titleOf, usualPort, type Kinds } from "./kinds"
import { problemsOf, type Placed } from "./problems"
import { rowsOf, type Named, type Row } from "./search"
import { layersOf } from "./ways"

export interface PortTold {
    readonly port: string
    readonly to: readonly Named[]
    /** true → E-mail “Offer” */
    readonly text: string
}

export interface Item extends Row {
    /** What it is called, with what it is: E-mail “Offer”. */
    readonly name: string
    readonly kindTitle: string
    /** Step 3 of 9; several branches may be at one step. */
    readonly position: string
    readonly isDisabled: boolean
    /** The name of the group in which it is; null where it is in none. */
    readonly group: string | null
    readonly ports: readonly PortTold[]
    readonly problems: readonly Placed[]
    /** All of it but for its ports, in one line. */
    readonly label: string
}

export interface NoteItem {
    readonly id: string
    readonly text: string
    /** The node that is nearest; null where there is none. */
    readonly near: Named | null
}

/** Return all nodes in the order in which one reads them, from the start on. */
export function outlineOf(definition: Definition, kinds: Kinds, problems: readonly Placed[] = []): Item[] {
    const rows = rowsOf(definition, kinds)
    const nodes = new Map(definition.nodes.map((node) => [node.id, node]))
    const names = new Map(definition.nodes.map((node) => [node.id, nameOf(node, kinds)]))
    const nSteps = Math.max(0, ...rows.map((row) => row.step ?? 0))
    return rows.flatMap((row): Item[] => {
        const node = nodes.get(row.id)
        if (!node) return []
        const group = groupOf(definition, row.id)
        const told = {
            name: names.get(row.id) ?? row.title,
            kindTitle: kinds.of(row.kind)?.title ?? row.kind,
            position: row.step === null ? "Nobody comes here" : `Step ${row.step} of ${nSteps}`,
            isDisabled: isDisabled(node),
            group: group ? group.name || "without a name" : null,
            ports: portsTold(definition, node, row, names, kinds),
            problems: problemsOf(problems, "node", row.id),
        }
        return [{ ...row, ...told, label: labelOf(told) }]
    })
}

function portsTold(
    definition: Definition,
    node: NodePart,
    row: Row,
    names: ReadonlyMap<string, string>,
    kinds: Kinds,
): PortTold[] {
    const only = isDisabled(node) ? usualPort(definition, node, kinds) : undefined
    return row.leads.map(({ port, to }) => {
        const targets = to.map((each) => names.get(each.id) ?? each.title).join(" and ") || "nothing, the way ends"
        const aside = only !== undefined && port !== only ? ", where nobody goes as long as it is disabled" : ""
        return { port, to, text: `${port} → ${targets}${aside}` }
    })
}

type Told = Pick<Item, "name" | "position" | "isDisabled" | "group" | "problems">

function labelOf({ name, position, isDisabled, group, problems }: Told): string {
    const nMistakes = problems.filter(({ problem }) => !problem.is_warning).length
    const said = [
        name,
        position,
        isDisabled && "disabled",
        group !== null && `in the group ${group}`,
        counted(nMistakes, "problem"),
        counted(problems.length - nMistakes, "warning"),
    ]
    return said.filter(Boolean).join(", ")
}

function counted(n: number, word: string): string {
    return n ? `${n} ${word}${n > 1 ? "s" : ""}` : ""
}

function nameOf(node: NodePart, kinds: Kinds): string {
    const title = kinds.of(node.kind)?.title
    return node.name && title ? `${title} “${node.name}”` : titleOf(node, kinds)
}

/** Return all notes from above, each with the node beside which it stands. */
export function notesTold(definition: Definition, kinds: Kinds): NoteItem[] {
    const notes = [...notesOf(definition)].sort((one, other) => {
        const [a, b] = [positionOf(one), positionOf(other)]
        return a.y - b.y || a.x - b.x || (one.id < other.id ? -1 : 1)
    })
    return notes.map((note) => {
        const [{ x, y }, { width, height }] = [positionOf(note), sizeOfNote(note)]
        let [near, least] = [null as NodePart | null, Infinity]
        for (const node of definition.nodes) {
            const at = positionOf(node)
            const far = Math.hypot(at.x - x - width / 2, at.y - y - height / 2)
            if (far < least) [near, least] = [node, far]
        }
        return { id: note.id, text: note.text ?? "", near: near && { id: near.id, title: nameOf(near, kinds) } }
    })
}

// --- Going from node to node; null where nothing is that way ---

/** Return the first node that one reads: the start. */
export function firstOf(definition: Definition): string | null {
    return layersOf(definition)[0]?.ids[0] ?? null
}

/** Return the last node that one reads. */
export function lastOf(definition: Definition): string | null {
    return layersOf(definition).at(-1)?.ids.at(-1) ?? null
}

/** Return the node of the row below, or above. */
export function rowBeside(definition: Definition, id: string, by: 1 | -1): string | null {
    const order = layersOf(definition).flatMap((layer) => layer.ids)
    return order[order.indexOf(id) + by] ?? null
}

/** Return where one comes from a node by its usual port, or by the first that leads on. */
export function nextOf(definition: Definition, id: string, kinds: Kinds): string | null {
    return targetsOf(definition, id, kinds)[0] ?? null
}

/** Return the node from which one came, or else the first that leads here. */
export function previousOf(definition: Definition, id: string, cameFrom?: string): string | null {
    const before = new Set(definition.edges.filter((edge) => edge.to === id).map((edge) => edge.from))
    if (cameFrom !== undefined && before.has(cameFrom) && nodeOf(definition, cameFrom)) return cameFrom
    const order = layersOf(definition).flatMap((layer) => layer.ids)
    return order.find((each) => before.has(each)) ?? null
}

/** Return the neighbour among all to which the node leads from which one came: by 1 the next, by -1 the one before. */
export function besideOf(
    definition: Definition,
    id: string,
    by: 1 | -1,
    kinds: Kinds,
    cameFrom?: string,
): string | null {
    const from = previousOf(definition, id, cameFrom)
    if (from === null) return null
    const beside = targetsOf(definition, from, kinds)
    return beside[beside.indexOf(id) + by] ?? null
}

/** Return where a node leads, in the order of its ports, each once. */
function targetsOf(definition: Definition, id: string, kinds: Kinds): string[] {
    const node = nodeOf(definition, id)
    if (!node) return []
    const leaving = definition.edges.filter((edge) => edge.from === id && nodeOf(definition, edge.to))
    const ports = portsShown(definition, node, kinds)
    return [...new Set(ports.flatMap((port) => leaving.filter((edge) => portOf(edge) === port).map(({ to }) => to)))]
}
