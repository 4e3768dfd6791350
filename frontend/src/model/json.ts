// Values of JSON: nothing here is ever changed in place.

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
    readonly [key: string]: Json | undefined
}

const NO_RANKS: ReadonlyMap<string, number> = new Map()

export function isObject(value: unknown): value is JsonObject {
    return typeof value === "object" && value !== null && !Array.isArray(value)
}

export function isList(value: Json | undefined): value is readonly Json[] {
    return Array.isArray(value)
}

/** Return what an object itself has of a key: `constructor` may be the id of a node, and all objects inherit one. */
export function own<T>(object: { readonly [key: string]: T }, key: string): T | undefined {
    return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Whether both say the same; the order of keys says nothing, and a key that is undefined is none. */
export function same(one: Json | undefined, other: Json | undefined): boolean {
    if (one === other) return true
    if (isList(one) && isList(other)) {
        return one.length === other.length && one.every((each, at) => same(each, other[at]))
    }
    if (!isObject(one) || !isObject(other)) return false
    return keysOf(one, other).every((key) => same(own(one, key), own(other, key)))
}

/** Return the keys of several objects, each once. */
export function keysOf(...objects: readonly JsonObject[]): string[] {
    return [...new Set(objects.flatMap((each) => Object.keys(each)))]
}

/** Return the same value with the keys of all objects in order, and without those that are undefined. */
export function sorted(value: Json): Json {
    if (isList(value)) return value.map(sorted)
    if (!isObject(value)) return Object.is(value, -0) ? 0 : value
    return objectOf(Object.entries(value).map(([key, each]) => [key, each === undefined ? each : sorted(each)]))
}

/** Make an object of its entries, by their ranks, and by name among equals; those that are undefined are left out. */
export function objectOf(
    entries: readonly (readonly [string, Json | undefined])[],
    ranks: ReadonlyMap<string, number> = NO_RANKS,
): JsonObject {
    const rank = (key: string): number => ranks.get(key) ?? ranks.size
    const there = entries.filter(([, value]) => value !== undefined)
    there.sort(([one], [other]) => rank(one) - rank(other) || (one < other ? -1 : Number(one > other)))
    return Object.fromEntries(there)
}
