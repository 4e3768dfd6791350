// A definition as the parts that React Flow draws. A part of which nothing has changed is the same object as before:
// only what is another one is drawn anew.

import { Position, type Edge as FlowEdge, type Node as FlowNode } from "@xyflow/react"
import { edgeKey, isDisabled, portOf, positionOf, type Definition, type NodePart } from "../model/definition"
import { portsShown, titleOf, usualPort } from "../model/kinds"
import type { Placed } from "../model/problems"
import type { Port, ToldKinds } from "../server/kinds"
import type { Badge, Figures, Selection } from "../store/editor_store"
import { lanesOf } from "./lanes"
import { cardSize, isNamed, portX } from "./sizes"

export interface Mark {
    readonly text: string
    readonly isWarning: boolean
}

export interface CardPort extends Port {
    readonly isUsed: boolean
}

export type CardData = {
    readonly node: NodePart
    readonly title: string
    readonly kindTitle: string
    readonly group: string
    readonly summary: string
    readonly ports: readonly CardPort[]
    readonly hasPortNames: boolean
    readonly mark: Mark | null
    readonly badges: readonly Badge[]
    readonly isOnPath: boolean
    readonly isDisabled: boolean
}

export type WayData = {
    readonly label: string
    readonly title: string
    readonly mark: Mark | null
    readonly isOnPath: boolean
    /** Nobody goes by it: it leads from another port than the usual one of a node that is disabled. */
    readonly isIdle: boolean
    /** Where it goes round what is in its way; null for one that needs not. */
    readonly lane: number | null
}

export type CardNode = FlowNode<CardData, "card">
export type WayEdge = FlowEdge<WayData, "way">

export interface Shown extends Figures {
    readonly definition: Definition
    readonly kinds: ToldKinds
    readonly problems: readonly Placed[]
    readonly summaries: ReadonlyMap<string, string>
}

export interface Parts {
    readonly cards: readonly CardNode[]
    readonly ways: readonly WayEdge[]
}

const NO_BADGES: readonly Badge[] = []

/** The id of a card in the page: the drawing says by it which one is current. */
export function cardElementId(id: string): string {
    return `card-${id}`
}

/** Return what is drawn, nothing of it selected. */
export function partsOf(shown: Shown, before: Parts | null): Parts {
    const { definition } = shown
    const marks = marksOf(shown.problems)
    const [stood, went] = pathOf(shown)
    const lanes = lanesOf(definition, shown.kinds)
    const idle = idleWays(shown)
    const cards = new Map(before?.cards.map((card) => [card.id, card]))
    const ways = new Map(before?.ways.map((way) => [way.id, way]))
    return {
        cards: definition.nodes.map((node) => {
            const data = dataOf(shown, node, marks.get(`node ${node.id}`) ?? null, stood.has(node.id))
            const old = cards.get(node.id)
            return old && sameCard(old.data, data) ? old : cardOf(node, data)
        }),
        ways: definition.edges.map((edge): WayEdge => {
            const id = edgeKey(edge)
            const figure = shown.edgeLabels.get(id)
            const label = figure?.text ?? edge.name ?? ""
            const data = {
                label,
                title: figure?.title ?? label,
                mark: marks.get(`edge ${id}`) ?? null,
                isOnPath: went.has(id),
                isIdle: idle.has(id),
                lane: lanes.get(id) ?? null,
            }
            const old = ways.get(id)
            if (old?.data && shallowlySame(old.data, data)) return old
            const { from: source, to: target } = edge
            return { id, type: "way", source, target, sourceHandle: portOf(edge), targetHandle: "in", data, selected: false }
        }),
    }
}

/** Return the same parts with those selected that are. */
export function selectedOf({ cards, ways }: Parts, { nodes, edges }: Selection, before: Parts | null): Parts {
    return {
        cards: selected(cards, nodes, before?.cards ?? []),
        ways: selected(ways, edges, before?.ways ?? []),
    }
}

type Drawable = CardNode | WayEdge

function selected<T extends Drawable>(parts: readonly T[], ids: ReadonlySet<string>, before: readonly T[]): T[] {
    const known = new Map(before.filter((part) => part.selected).map((part) => [part.id, part]))
    const found = parts.map((part) => {
        if (!ids.has(part.id)) return part
        const old = known.get(part.id)
        return old && old.data === part.data ? old : { ...part, selected: true }
    })
    return settled(found, before)
}

/** Return the list of before where it has the same parts: React Flow looks at each of another one. */
export function settled<T>(found: T[], before: readonly T[]): T[] {
    const isSame = found.length === before.length && found.every((part, at) => part === before[at])
    return isSame ? (before as T[]) : found
}

function cardOf(node: NodePart, data: CardData): CardNode {
    const names = data.ports.map((port) => port.name)
    const size = cardSize(names)
    const sources = names.map((name, at) => ({
        id: name,
        type: "source" as const,
        position: Position.Bottom,
        x: portX(at, names.length, size.width) - HANDLE / 2,
        y: size.height - HANDLE / 2,
        width: HANDLE,
        height: HANDLE,
    }))
    const target = {
        id: "in",
        type: "target" as const,
        position: Position.Top,
        x: (size.width - HANDLE) / 2,
        y: -HANDLE / 2,
        width: HANDLE,
        height: HANDLE,
    }
    return {
        id: node.id,
        type: "card",
        position: positionOf(node),
        data,
        selected: false,
        ...size,
        measured: size,
        handles: [target, ...sources],
        // The card inside says what it is.
        domAttributes: NO_ROLE,
    }
}

const NO_ROLE = { "aria-roledescription": undefined }

/** Of the points where edges begin and end; as in canvas.css. */
const HANDLE = 14

/** Say a card in one sentence. */
export function labelOf({ title, kindTitle, summary, ports, mark, badges, isDisabled }: CardData): string {
    const open = ports.filter((port) => !port.isUsed).map((port) => port.label)
    return [
        title === kindTitle ? title : `${title}, ${kindTitle}`,
        isDisabled && "disabled",
        summary,
        open.length > 0 && `nothing behind ${open.join(", ")}`,
        mark && `${mark.isWarning ? "warning" : "problem"}: ${mark.text}`,
        ...badges.map((badge) => badge.title),
    ]
        .filter(Boolean)
        .join("; ")
}

function dataOf(shown: Shown, node: NodePart, mark: Mark | null, isOnPath: boolean): CardData {
    const { definition, kinds } = shown
    const kind = kinds.of(node.kind)
    const used = new Set(definition.edges.filter((edge) => edge.from === node.id).map(portOf))
    const labels = new Map(kinds.labelledPortsOf(node)?.map((port) => [port.name, port.label]))
    const names = portsShown(definition, node, kinds)
    const hasPortNames = isNamed(names)
    return {
        node,
        title: titleOf(node, kinds),
        kindTitle: kind?.title ?? node.kind,
        group: kind?.group ?? "",
        summary: shown.summaries.get(node.id) ?? "",
        ports: names.map((name) => ({ name, label: labels.get(name) || name, isUsed: used.has(name) })),
        hasPortNames,
        mark,
        badges: shown.badges.get(node.id) ?? NO_BADGES,
        isOnPath,
        isDisabled: isDisabled(node),
    }
}

const MARKS = new WeakMap<readonly Placed[], ReadonlyMap<string, Mark>>()

/** Return what is wrong with each node and edge; the same objects for the same problems. */
function marksOf(problems: readonly Placed[]): ReadonlyMap<string, Mark> {
    const marks = MARKS.get(problems) ?? marksMade(problems)
    MARKS.set(problems, marks)
    return marks
}

function marksMade(problems: readonly Placed[]): ReadonlyMap<string, Mark> {
    const found = new Map<string, { texts: string[]; isWarning: boolean }>()
    for (const { problem, place } of problems) {
        if (place.of !== "node" && place.of !== "edge") continue
        const key = place.of === "node" ? `node ${place.id}` : `edge ${place.key}`
        const mark = found.get(key) ?? { texts: [], isWarning: true }
        mark.texts.push(problem.message)
        mark.isWarning &&= problem.is_warning
        found.set(key, mark)
    }
    return new Map([...found].map(([key, { texts, isWarning }]) => [key, { text: texts.join(" "), isWarning }]))
}

/** Return the nodes and the edges of a person's way. */
function pathOf({ path, definition }: Shown): [Set<string>, Set<string>] {
    const [stood, went] = [new Set(path.map((each) => each.node)), new Set<string>()]
    const left = new Set(path.map(({ node, port }) => `${node}.${port}`))
    for (const edge of path.length ? definition.edges : []) {
        if (left.has(`${edge.from}.${portOf(edge)}`) && stood.has(edge.to)) went.add(edgeKey(edge))
    }
    return [stood, went]
}

function idleWays({ definition, kinds }: Shown): ReadonlySet<string> {
    const passed = definition.nodes.filter(isDisabled)
    const usual = new Map(passed.map((node) => [node.id, usualPort(definition, node, kinds)]))
    const idle = definition.edges.filter((edge) => usual.has(edge.from) && usual.get(edge.from) !== portOf(edge))
    return new Set(idle.map(edgeKey))
}

function sameCard({ ports, ...one }: CardData, { ports: others, ...other }: CardData): boolean {
    const samePorts = ports.length === others.length && ports.every((port, at) => shallowlySame(port, others[at] ?? {}))
    return samePorts && shallowlySame(one, other)
}

function shallowlySame(one: object, other: object): boolean {
    const [its, others] = [Object.entries(one), other as Record<string, unknown>]
    return its.every(([key, value]) => Object.is(value, others[key]))
}
