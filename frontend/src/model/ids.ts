// Ids of new parts: by chance, so that two people who add one at once do not choose the same.

/** From 0 to 1, as Math.random. */
export type Chance = () => number

const MAX_ID = 40
const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"

/** Make an id that nobody has yet, of a stem and chance. */
export function freshId(wanted: string, chance: Chance, isTaken: (id: string) => boolean): string {
    const stem = wanted.replace(/[^A-Za-z0-9_-]/g, "-").slice(0, MAX_ID - 6)
    for (;;) {
        const id = `${stem}-${Array.from({ length: 5 }, () => LETTERS[Math.floor(chance() * LETTERS.length)]).join("")}`
        if (!isTaken(id)) return id
    }
}

/** Return the id without what chance put behind it: a copy of a copy has no longer one. */
export function stemOf(id: string): string {
    return id.replace(/-[a-z2-9]{5}$/, "")
}
