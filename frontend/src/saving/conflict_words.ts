// What two people have changed, in the words of the forms: the merge view asks about each.

import { fieldsOf, fieldsShown, type FieldSchema } from "../forms/schema"
import { edgeKey, nodeOf, type Definition, type Edge } from "../model/definition"
import { isList, isObject, own, same, type Json, type JsonObject } from "../model/json"
import { titleOf } from "../model/kinds"
import type { Conflict } from "../model/merge"
import type { Schema, ToldKinds } from "../server/kinds"

/** A part of the flow that both have changed: what it is called, and the fields that it has. */
interface Part {
    readonly title: string
    readonly schema: Schema
}

/** What the forms have no schema of: its title, and what its values mean. */
const OF_NODE: JsonObject = {
    name: { title: "Name" },
    is_disabled: { title: "Disabled", "x-widget": "switch" },
    on_error: {
        title: "After the last try",
        "x-widget": "choice",
        enum: ["fail", "continue"],
        "x-labels": { fail: "the run fails", continue: "they go on by the usual port" },
    },
}
const OF_NOTE: JsonObject = { text: { title: "Text" }, color: { title: "Colour" } }
const OF_GROUP: JsonObject = { name: { title: "Name" }, color: { title: "Colour" } }
const OF_EDGE: JsonObject = { name: { title: "Name" } }
const LISTS: Readonly<Record<string, string>> = { triggers: "When people enter", goals: "Goals", exits: "Exit rules" }
const QUIET: Readonly<Record<string, string>> = { null: "Those of the installation", none: "None" }
const ORDER = "(order)"

export class ConflictWords {
    constructor(
        /** Where parts are looked up by their ids, the first that has one. */
        private readonly definitions: readonly Definition[],
        private readonly kinds: ToldKinds,
    ) {}

    /** Name what a conflict is about: the part of the flow, and its field. */
    place({ path }: Conflict): string {
        const [list = "", id] = path
        if (id === ORDER) return `${own(LISTS, list) ?? list}: their order`
        const title = this.part(path)?.title ?? this.option(list)?.title ?? list
        const field = this.field(path)
        return field ? `${title}: ${field.title}` : title
    }

    /** Say what somebody has made of it. */
    value({ path, base }: Conflict, value: Json | undefined): string {
        const [list = "", id] = path
        if (id === ORDER) return lines((value as readonly string[]).map((each) => this.part([list, each])?.title ?? each))
        const field = this.field(path)
        if (field) return said(value ?? field.default, field)
        if (list === "quiet_hours" && !isObject(value)) return own(QUIET, String(value ?? null)) ?? plain(value)
        if (value === undefined) return base === undefined ? "Not there" : "Deleted"
        const part = this.part(path)
        if (part && isObject(value)) return lines([this.kindTitle(value), fields(flat(value), part.schema)])
        const option = this.option(list)
        return option ? said(value, option) : plain(value)
    }

    /** Return the part of the flow in which a path leads. */
    private part([list = "", id = ""]: readonly string[]): Part | null {
        if (list === "entry") return { title: "How often somebody enters", schema: this.kinds.catalogue.entry.schema }
        if (list === "quiet_hours") return { title: "Quiet hours", schema: this.kinds.catalogue.quiet_hours.schema }
        const found = this.definitions.map((each) => partOf(each, list, id)).find((each) => each !== undefined)
        if (!found) return null
        switch (list) {
            case "nodes":
                return { title: this.nodeTitle(id), schema: this.ofNode(String(found.kind)) }
            case "triggers": {
                const kind = this.kinds.catalogue.triggers.find((each) => each.key === found.kind)
                return { title: `Trigger “${kind?.title ?? String(found.kind)}”`, schema: kind?.schema ?? {} }
            }
            case "edges":
                return { title: this.edgeTitle(found as Edge), schema: { properties: OF_EDGE } }
            case "notes":
                return { title: `Note “${shortened(String(found.text ?? ""))}”`, schema: { properties: OF_NOTE } }
            case "groups":
                return { title: `Group “${String(found.name ?? "")}”`, schema: { properties: OF_GROUP } }
            default: {
                const title = list === "goals" ? "Goal" : "Exit rule"
                return { title: `${title} “${String(found.name || id)}”`, schema: this.option(list)?.items ?? {} }
            }
        }
    }

    /** Return the field of a part to which a path leads; null where it is about the whole part. */
    private field(path: readonly string[]): FieldSchema | null {
        const [list = ""] = path
        const name = path.length > (list === "entry" ? 1 : 2) ? path.at(-1) : undefined
        const part = name === undefined ? null : this.part(path)
        return part && (fieldsOf(part.schema).find((each) => each.name === name) ?? unknown(name ?? ""))
    }

    private option(name: string): FieldSchema | undefined {
        return fieldsOf(this.kinds.catalogue.options.schema).find((each) => each.name === name)
    }

    private ofNode(kind: string): Schema {
        const own = this.kinds.of(kind)?.schema.properties
        const retry = { title: "If it fails", "x-widget": "items", items: this.kinds.catalogue.retry.schema }
        return { properties: { ...OF_NODE, retry, ...(isObject(own) ? own : {}) } }
    }

    private kindTitle({ kind }: JsonObject): string {
        return typeof kind === "string" ? (this.kinds.of(kind)?.title ?? "") : ""
    }

    private nodeTitle(id: string): string {
        const node = this.definitions.map((each) => nodeOf(each, id)).find((each) => each !== undefined)
        return node ? titleOf(node, this.kinds) : id
    }

    private edgeTitle({ from, port, to }: Edge): string {
        const by = port === undefined || port === "out" ? "" : ` by “${port.replaceAll("_", " ")}”`
        return `Connection from ${this.nodeTitle(from)} to ${this.nodeTitle(to)}${by}`
    }
}

function partOf(definition: Definition, list: string, id: string): JsonObject | undefined {
    const parts = own(definition, list)
    if (!isList(parts)) return undefined
    return parts.filter(isObject).find((each) => (list === "edges" ? edgeKey(each as Edge) : each.id) === id)
}

/** Return what a part says, with its settings beside its name, as its form shows them. */
function flat(part: JsonObject): JsonObject {
    return isObject(part.settings) ? { ...part, ...part.settings } : part
}

function fields(value: JsonObject, schema: Schema): string {
    const there = fieldsShown(schema, value).filter(({ name }) => own(value, name) !== undefined)
    return lines(there.map((field) => `${field.title}: ${said(own(value, field.name), field)}`))
}

/** Say a value as its field in the form does. */
function said(value: Json | undefined, field: FieldSchema): string {
    if (typeof value === "boolean") return value ? "Yes" : "No"
    if (isList(value) && field.items && value.length) {
        return lines(value.map((each) => (isObject(each) ? fields(each, field.items ?? {}) : plain(each))))
    }
    if (isObject(value) && field.items) return fields(value, field.items)
    return field.choices.find((each) => same(each.value, value))?.label ?? plain(value)
}

function plain(value: Json | undefined): string {
    if (value === undefined || value === null || value === "") return "Nothing"
    if (isList(value)) return value.length ? lines(value.map(plain)) : "Nothing"
    if (!isObject(value)) return String(value)
    const entries = Object.entries(value)
    return entries.length ? lines(entries.map(([key, each]) => `${key}: ${plain(each)}`)) : "Nothing"
}

function unknown(title: string): FieldSchema {
    const [field] = fieldsOf({ properties: { [title]: { title: title.replaceAll("_", " ") } } })
    return field as FieldSchema
}

function lines(all: readonly string[]): string {
    return all.filter((line) => line !== "").join("\n")
}

function shortened(text: string): string {
    return text.length > 40 ? `${text.slice(0, 40)} …` : text
}
