// Templates: texts in which {{profile@traits.name}} stands for a value, and values that are any JSON.

import type { Json } from "../model/json"
import type { Field } from "../server/names"

const MOST = 50

/** Any JSON as it is typed: a text stands for itself, unless it would be read as something else. */
export function typedOf(value: Json | undefined): string {
    if (value === undefined || value === null) return ""
    return typeof value === "string" && readTyped(value) === value ? value : JSON.stringify(value, null, 2)
}

/** Read what was typed: JSON where it is some, else a text; nothing is null. */
export function readTyped(typed: string): Json {
    if (!typed.trim()) return null
    try {
        return JSON.parse(typed) as Json
    } catch {
        return typed
    }
}

export interface Completing {
    readonly from: number
    readonly to: number
    readonly typed: string
}

const INSIDE = /\{\{\s*([^{}]*)$/
const WORD = /(?:^|[\s"'([{:,])((?:[a-z]+@)[^\s"'{}[\](),]*)$/

/** Return what is being typed at the caret that may be completed; null where nothing is. */
export function completingAt(text: string, caret: number, fills: string): Completing | null {
    const before = text.slice(0, caret)
    const inside = INSIDE.exec(before)
    if (inside) return { from: caret - (inside[1]?.length ?? 0), to: caret, typed: inside[1] ?? "" }
    if (fills === "text") return null
    const word = WORD.exec(before)
    if (word) return { from: caret - (word[1]?.length ?? 0), to: caret, typed: word[1] ?? "" }
    return before.trim() === "" ? { from: caret, to: caret, typed: "" } : null
}

/** Return the text with a field in the place of what was being typed, and where the caret stands then. */
export function completed(text: string, { from, to }: Completing, path: string) {
    const isInside = INSIDE.test(text.slice(0, to))
    const isClosed = text.slice(to).trimStart().startsWith("}}")
    const space = isInside && text[from - 1] === "{" ? " " : ""
    const end = isInside && !isClosed ? " }}" : ""
    return { text: text.slice(0, from) + space + path + end + text.slice(to), caret: from + space.length + path.length }
}

/** Return the fields in whose path or label all words are found; those whose path begins so first. */
export function foundFields(typed: string, fields: readonly Field[]): readonly Field[] {
    const wanted = typed.toLowerCase()
    const score = ({ path, label }: Field): number => {
        if (path.toLowerCase().startsWith(wanted)) return 2
        return `${path} ${label}`.toLowerCase().includes(wanted) ? 1 : 0
    }
    const found = fields.map((field, at) => ({ field, at, score: score(field) })).filter((each) => each.score > 0)
    found.sort((one, other) => other.score - one.score || one.at - other.at)
    return found.slice(0, MOST).map((each) => each.field)
}
