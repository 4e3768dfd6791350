// Amounts as people read them.

const SPANS: readonly (readonly [number, string])[] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
]

/** 1 h 5 min: the two largest units of a length. */
export function spanInWords(secs: number): string {
    const whole = Math.round(secs)
    if (whole < 1) return "no time"
    const first = SPANS.findIndex(([size]) => whole >= size)
    let left = whole
    const parts = SPANS.slice(first, first + 2).map(([size, unit]) => {
        const n = Math.floor(left / size)
        left -= n * size
        return n ? `${n} ${unit}` : ""
    })
    return parts.filter(Boolean).join(" ")
}

/** 12.3 %, of a share from 0 to 1. */
export function percent(share: number): string {
    return `${(100 * share).toFixed(1)} %`
}

export function rangeInWords([low, high]: readonly number[]): string {
    return `${percent(low ?? 0)} to ${percent(high ?? 0)}`
}

export function counted(n: number): string {
    return n.toLocaleString("en")
}
