// How people go through a version, as the server counts it, and as the drawing shows it.

import { edgeKey, type Definition } from "../model/definition"
import { own } from "../model/json"
import { counted, spanInWords } from "../model/amounts"
import type { Badge, Figures } from "../store/editor_store"

export type Period = "hour" | "day" | "week" | "month" | "all"

export interface NodeFigures {
    readonly entered: number
    readonly waiting: number
    readonly left: { readonly [port: string]: number }
    readonly failed: number
    readonly median_secs: number | null
}

interface Rate {
    readonly entered: number
    readonly reached: number
    readonly rate: number | null
    readonly interval: readonly [number, number] | null
}

export interface Branch extends Rate {
    readonly port: string
    readonly difference: number | null
    readonly difference_interval: readonly [number, number] | null
    readonly verdict: string
    readonly said: string
}

export interface Variant {
    readonly node: string
    readonly name: string
    readonly against: string
    readonly branches: readonly Branch[]
    readonly said: string
}

export interface Live {
    readonly version: number
    readonly current_version: number | null
    readonly at: string
    readonly n_inside: number
    readonly n_elsewhere: number
    readonly nodes: { readonly [id: string]: NodeFigures } | null
    readonly edges: { readonly [key: string]: number }
    readonly endings: { readonly [status: string]: number }
    readonly goals:
        | (Rate & {
              readonly reached_during: number
              readonly reached_after: number
              readonly by_goal: readonly {
                  readonly id: string
                  readonly name: string
                  readonly reached: number
                  readonly rate: number | null
                  readonly interval: readonly [number, number] | null
              }[]
          })
        | null
    readonly variants: readonly Variant[]
    readonly is_too_slow: boolean
    readonly is_partial: boolean
}

/** How runs ended, in words that stand behind a number, or alone. */
export const ENDINGS: { readonly [status: string]: string } = {
    finished: "finished",
    goal: "reached the goal",
    exited: "left by an exit rule",
    removed: "removed",
    failed: "failed",
    expired: "expired",
    edited: "stopped by an edit",
}

export function statusInWords(status: string): string {
    return own(ENDINGS, status) ?? "under way"
}

/** Return what the drawing shows of it; where nothing is different of a node, it is the same object as before. */
export function drawnOf(live: Live, definition: Definition, before: Figures["badges"]): Pick<Figures, "badges" | "edgeLabels"> {
    const badges = new Map(
        Object.entries(live.nodes ?? {}).map(([id, figures]): [string, readonly Badge[]] => {
            const made = badgesOf(figures)
            const known = before.get(id)
            return [id, known && JSON.stringify(known) === JSON.stringify(made) ? known : made]
        }),
    )
    const edgeLabels = new Map(
        definition.edges.flatMap((edge): [string, { text: string; title: string }][] => {
            const n = own(live.edges, edgeKey(edge))
            return n === undefined ? [] : [[edgeKey(edge), { text: counted(n), title: `${counted(n)} went this way` }]]
        }),
    )
    return { badges, edgeLabels }
}

function badgesOf({ entered, waiting, failed, median_secs }: NodeFigures): readonly Badge[] {
    return [
        { text: counted(entered), tone: "plain", title: `${counted(entered)} came here` },
        ...(waiting ? [{ text: `${counted(waiting)} here`, tone: "good", title: `${counted(waiting)} are here now` } as const] : []),
        ...(failed ? [{ text: `${counted(failed)} failed`, tone: "danger", title: `${counted(failed)} failed here` } as const] : []),
        ...(median_secs !== null && median_secs >= 1
            ? [{ text: spanInWords(median_secs), tone: "plain", title: `Half of them stayed ${spanInWords(median_secs)} at most` } as const]
            : []),
    ]
}
