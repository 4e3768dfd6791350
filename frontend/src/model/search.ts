// Finding: a kind of node in the palette, and one's way through a graph without seeing it.

import { nodeOf, notesOf, portOf, type Definition, type NodePart, type Note } from "./definition"
import { portsShown, titleOf, type Kind, type Kinds } from "./kinds"
import { layersOf } from "./ways"

/** How much it says that a word is found: the whole of a name, its beginning, that of a word in it, or somewhere. */
const [WHOLE, BEGINNING, WORD, INSIDE] = [100, 60, 40, 15]
/** How much each text of a kind counts for. */
const [AS_TITLE, AS_KEY, AS_OLD_NAME, AS_HELP] = [1, 0.9, 0.7, 0.2]

/** Return the kinds in which all words are found, the best first; all of them, where nothing is looked for. */
export function foundKinds<K extends Kind>(wanted: string, kinds: readonly K[]): K[] {
    const words = wordsOf(wanted)
    if (!words.length) return [...kinds]
    const phrase = words.join(" ")
    const scored = kinds.map((kind, at) => ({ kind, at, score: scoreOf(kind, words, phrase) }))
    const there = scored.filter(({ score }) => score > 0)
    there.sort((one, other) => other.score - one.score || one.at - other.at)
    return there.map(({ kind }) => kind)
}

function scoreOf(kind: Kind, words: readonly string[], phrase: string): number {
    const each = words.map((word) => best(kind, word))
    if (each.some((score) => score === 0)) return 0
    return each.reduce((sum, score) => sum + score, 0) / words.length + best(kind, phrase)
}

function best(kind: Kind, word: string): number {
    return Math.max(
        AS_TITLE * at(kind.title, word),
        AS_KEY * at(kind.key, word),
        ...kind.old_names.map((name) => AS_OLD_NAME * at(name, word)),
        AS_HELP * at(kind.help, word),
    )
}

function at(text: string, word: string): number {
    const words = wordsOf(text)
    const joined = words.join(" ")
    if (joined === word) return WHOLE
    if (joined.startsWith(word)) return BEGINNING
    if (` ${joined}`.includes(` ${word}`)) return WORD
    return joined.includes(word) ? INSIDE : 0
}

function wordsOf(text: string): string[] {
    const plain = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
    return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "")
}

/** Return the nodes in whose name, id, kind or settings all words are found, in the order of the graph. */
export function foundNodes(wanted: string, definition: Definition, kinds: Kinds): NodePart[] {
    const words = wordsOf(wanted)
    const texts = (node: NodePart): string => {
        const all = [titleOf(node, kinds), node.id, node.kind, JSON.stringify(node.settings ?? {})]
        return wordsOf(all.join(" ")).join(" ")
    }
    return words.length ? definition.nodes.filter((node) => words.every((word) => texts(node).includes(word))) : []
}

/** Return the notes in which all words are found. */
export function foundNotes(wanted: string, definition: Definition): Note[] {
    const words = wordsOf(wanted)
    const isFound = ({ text }: Note): boolean => words.every((word) => wordsOf(text ?? "").join(" ").includes(word))
    return words.length ? notesOf(definition).filter(isFound) : []
}

export interface Leading {
    readonly port: string
    /** Nothing: whoever leaves by this port is at the end. */
    readonly to: readonly Named[]
}

export interface Named {
    readonly id: string
    readonly title: string
}

export interface Row extends Named {
    readonly kind: string
    /** How many steps lead here at most, from 1; null where nobody comes. */
    readonly step: number | null
    readonly from: readonly Named[]
    readonly leads: readonly Leading[]
}

/** Return the graph as a list: each node with what leads to it, and where its ports lead. */
export function rowsOf(definition: Definition, kinds: Kinds): Row[] {
    const layers = layersOf(definition)
    return layers.flatMap(({ ids, isReached }, at) =>
        ids.flatMap((id) => {
            const node = nodeOf(definition, id)
            return node ? [rowOf(definition, node, isReached ? at + 1 : null, kinds)] : []
        }),
    )
}

function rowOf(definition: Definition, node: NodePart, step: number | null, kinds: Kinds): Row {
    const named = (id: string): Named => {
        const found = nodeOf(definition, id)
        return { id, title: found ? titleOf(found, kinds) : id }
    }
    const leaving = definition.edges.filter((edge) => edge.from === node.id)
    const from = new Set(definition.edges.filter((edge) => edge.to === node.id).map((edge) => edge.from))
    const leads = portsShown(definition, node, kinds).map((port) => ({
        port,
        to: leaving.filter((edge) => portOf(edge) === port).map((edge) => named(edge.to)),
    }))
    return { ...named(node.id), kind: node.kind, step, from: [...from].map(named), leads }
}
