// What a form reads of JSON schemas: the keywords, and those of ours that begin with x-.

import { isList, isObject, own, same, type Json, type JsonObject } from "../model/json"

/** What a condition can ask: at a node, as people enter by a trigger, and by exits and goals. */
export type ConditionLanguage = "flow-steps" | "flow-entry" | "flow-rules"

export const WIDGETS = [
    ...["text", "long_text", "number", "duration", "switch", "choice", "texts"],
    ...["mapping", "template", "condition", "reference", "items", "secret"],
] as const

export type Widget = (typeof WIDGETS)[number]

export interface FieldSchema {
    readonly name: string
    readonly title: string
    readonly help: string
    readonly widget: Widget
    /** Whether it has to be filled in while it is there. */
    readonly isRequired: boolean
    readonly default: Json | undefined
    readonly choices: readonly { readonly value: string; readonly label: string }[]
    readonly isWhole: boolean
    readonly least: number | undefined
    readonly most: number | undefined
    readonly maxLength: number | undefined
    readonly maxItems: number | undefined
    readonly items: JsonObject | null
    readonly when: readonly [string, readonly Json[]] | null
    /** To what a key refers: event_type, segment, connection, flow, consent. */
    readonly reference: string
    readonly connectionKind: string
    /** text: {{ … }} may stand in it; value: it is one reference. */
    readonly fills: string
    /** time, id, port, or path: of a field. */
    readonly format: string
    /** In which a condition asks. */
    readonly language: ConditionLanguage
}

/** Return the fields of a form, in their order. */
export function fieldsOf(schema: JsonObject): readonly FieldSchema[] {
    const { properties, required } = schema
    if (!isObject(properties)) return []
    const names = isList(required) ? required : []
    return Object.entries(properties).flatMap(([name, each]) => (isObject(each) ? [fieldOf(name, each, names.includes(name))] : []))
}

function fieldOf(name: string, schema: JsonObject, isRequired: boolean): FieldSchema {
    const labels = isObject(schema["x-labels"]) ? schema["x-labels"] : {}
    const values = isList(schema.enum) ? schema.enum.filter((each) => typeof each === "string") : []
    const types = isList(schema.type) ? schema.type : [schema.type]
    return {
        name,
        title: text(schema.title) || name,
        help: text(schema.description),
        widget: (text(schema["x-widget"]) || "text") as Widget,
        isRequired: isRequired || schema["x-required"] === true,
        default: schema.default,
        choices: values.map((value) => ({ value, label: text(own(labels, value)) || value })),
        isWhole: types.includes("integer"),
        least: number(schema.minimum),
        most: number(schema.maximum),
        maxLength: number(schema.maxLength),
        maxItems: number(schema.maxItems),
        items: isObject(schema.items) ? schema.items : null,
        when: whenOf(schema["x-when"]),
        reference: text(schema["x-reference"]),
        connectionKind: text(schema["x-connection-kind"]),
        fills: text(schema["x-fills"]),
        format: text(schema["x-format"]),
        language: (text(schema["x-language"]) || "flow-steps") as ConditionLanguage,
    }
}

function whenOf(value: Json | undefined): FieldSchema["when"] {
    if (!isObject(value)) return null
    const [entry] = Object.entries(value)
    return entry && isList(entry[1]) ? [entry[0], entry[1]] : null
}

/** Return the fields that are there with these settings. */
export function fieldsShown(schema: JsonObject, settings: JsonObject): readonly FieldSchema[] {
    const fields = fieldsOf(schema)
    return fields.filter((field) => isThere(field, fields, settings))
}

function isThere(field: FieldSchema, fields: readonly FieldSchema[], settings: JsonObject): boolean {
    if (!field.when) return true
    const [name, values] = field.when
    const other = fields.find((each) => each.name === name)
    if (other && !isThere(other, fields, settings)) return false
    const value = own(settings, name) ?? other?.default
    return values.some((each) => same(each, value))
}

/** Set one setting, and take away those that are not there any more with it; undefined takes it away. */
export function withSetting(schema: JsonObject, settings: JsonObject, name: string, value: Json | undefined): JsonObject {
    const others = Object.entries(settings).filter(([key]) => key !== name)
    const next = Object.fromEntries(value === undefined ? others : [...others, [name, value]]) as JsonObject
    const fields = fieldsOf(schema)
    const gone = new Set(fields.filter((field) => !isThere(field, fields, next)).map((field) => field.name))
    return Object.fromEntries(Object.entries(next).filter(([key]) => !gone.has(key)))
}

/** Return what a new part of a list begins with. */
export function blank(schema: JsonObject): JsonObject {
    const found = fieldsShown(schema, {}).filter((field) => field.isRequired)
    return Object.fromEntries(found.map((field) => [field.name, field.default ?? EMPTY[field.widget] ?? ""]))
}

const EMPTY: Partial<Record<Widget, Json>> = { number: 0, switch: false, texts: [], mapping: {}, items: [], template: null }

function text(value: Json | undefined): string {
    return typeof value === "string" ? value : ""
}

function number(value: Json | undefined): number | undefined {
    return typeof value === "number" ? value : undefined
}
