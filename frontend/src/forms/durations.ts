// Lengths of time as the server reads them: "15 minutes", "1h30m".

import { own } from "../model/json"

export const UNITS = ["seconds", "minutes", "hours", "days", "weeks", "months", "years"] as const
export type Unit = (typeof UNITS)[number]

const SHORT: Readonly<Record<string, Unit>> = { s: "seconds", m: "minutes", h: "hours", d: "days", w: "weeks" }
const ONE = /^\s*(\d+)\s*([a-z]+)\s*$/i

export interface Length {
    readonly amount: number
    readonly unit: Unit
}

/** Read a length of one unit; null for others, such as "1h30m". */
export function lengthOf(text: string): Length | null {
    const found = ONE.exec(text)
    if (!found) return null
    const [, amount = "", word = ""] = found
    const lower = word.toLowerCase()
    const unit = own(SHORT, lower) ?? UNITS.find((each) => each === lower || each === `${lower}s`)
    return unit ? { amount: Number(amount), unit } : null
}

/** Write it as the server does. */
export function textOfLength({ amount, unit }: Length): string {
    return `${amount} ${amount === 1 ? unit.slice(0, -1) : unit}`
}
