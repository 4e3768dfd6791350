// Reading: whether a document is a definition that can be drawn, part by part.

import { COLORS, edgeKey, named, type Definition, type Edge, type Exit, type Group, type NodePart, type Note } from "./definition"
import { isList, isObject, type Json, type JsonObject } from "./json"

/** Return a document as a definition that can be drawn; null for one that only its text can show. */
export function drawable(document: JsonObject): Definition | null {
    const { nodes, edges, notes, groups, exits, ...others } = document
    const [parts, ways, written, together] = [nodes ?? [], edges ?? [], notes ?? [], groups ?? []]
    if (!isList(parts) || !parts.every(isNode) || !isList(ways) || !ways.every(isEdge)) return null
    if (!isList(written) || !written.every(isNote) || !isList(together) || !together.every(isGroup)) return null
    const all = [parts, written, together].map((each) => each.map(({ id }) => id))
    if ([...all, ways.map(edgeKey), together.flatMap((group) => group.nodes)].some(hasTwice)) return null
    return {
        ...others,
        nodes: parts,
        edges: ways,
        ...(written.length && { notes: written }),
        ...(together.length && { groups: together }),
        ...(exits !== undefined && { exits: named(exits) as readonly Exit[] }),
    }
}

function hasTwice(keys: readonly string[]): boolean {
    return new Set(keys).size < keys.length
}

function isNode(part: Json): part is NodePart {
    if (!isObject(part)) return false
    const { id, kind, name, settings, position, retry, is_disabled } = part
    return (
        isId(id) &&
        typeof kind === "string" &&
        (name === undefined || typeof name === "string") &&
        (settings === undefined || isObject(settings)) &&
        (position === undefined || isPosition(position)) &&
        (retry === undefined || isObject(retry)) &&
        (is_disabled === undefined || typeof is_disabled === "boolean")
    )
}

function isId(value: Json | undefined): value is string {
    return typeof value === "string" && value !== ""
}

function isNote(part: Json): part is Note {
    if (!isObject(part)) return false
    const { id, text, color, position, size } = part
    return (
        isId(id) &&
        (text === undefined || typeof text === "string") &&
        (color === undefined || COLORS.some((each) => each === color)) &&
        (position === undefined || isPosition(position)) &&
        (size === undefined || isSize(size))
    )
}

function isGroup(part: Json): part is Group {
    if (!isObject(part)) return false
    const { id, name, color, nodes } = part
    return (
        isId(id) &&
        (name === undefined || typeof name === "string") &&
        (color === undefined || COLORS.some((each) => each === color)) &&
        isList(nodes) &&
        nodes.every((each) => typeof each === "string")
    )
}

function isSize(value: Json): boolean {
    return isObject(value) && [value.width, value.height].every((each) => each === undefined || Number.isFinite(each))
}

function isPosition(value: Json): boolean {
    return isObject(value) && [value.x, value.y].every((each) => each === undefined || Number.isFinite(each))
}

function isEdge(part: Json): part is Edge {
    if (!isObject(part)) return false
    const { from, port, to, name } = part
    return (
        typeof from === "string" &&
        typeof to === "string" &&
        (port === undefined || typeof port === "string") &&
        (name === undefined || typeof name === "string")
    )
}
