// What the server itself tells of kinds, where it has said in which file: the editor can make forms of all of it.

import { describe, expect, test } from "vitest"
import { blank, fieldsOf, fieldsShown, WIDGETS, type FieldSchema } from "../src/forms/schema"
import type { JsonObject } from "../src/model/json"
import { ToldKinds, type Catalogue } from "../src/server/kinds"

declare const process: { readonly env: { readonly NODE_KINDS?: string } }
const { NODE_KINDS } = process.env

describe.runIf(NODE_KINDS)("of all kinds that the server has", async () => {
    const told = NODE_KINDS ? ((await import(/* @vite-ignore */ NODE_KINDS)) as { default: Catalogue }).default : null
    if (!told) return
    const kinds = new ToldKinds(told)
    const parts = [told.entry, told.options, told.quiet_hours, told.retry]

    test.each([...told.nodes, ...told.triggers].map((kind): [string, JsonObject] => [kind.key, kind.schema]))("%s has a form", (_, schema) => {
        expectForm(schema)
        expect(fieldsShown(schema, blank(schema)).length).toBeGreaterThanOrEqual(Object.keys(blank(schema)).length)
    })

    test("the flow itself has forms", () => parts.forEach(({ schema }) => expectForm(schema)))

    test.each(told.nodes.map((kind) => [kind.key, kind] as const))("a new %s has the ports that were told", (key, kind) => {
        expect(kinds.portsOf({ id: "new", kind: key, settings: kind.settings })).toEqual(kind.ports.map((port) => port.name))
        expect(told.groups.map((group) => group.key)).toContain(kind.group)
        expect(kind.flow_kinds).not.toEqual([])
    })
})

/** Expect that each field has an input, and knows what its input has to know. */
function expectForm(schema: JsonObject): void {
    const fields = fieldsOf(schema)
    for (const field of fields) {
        expect(WIDGETS, field.name).toContain(field.widget)
        expect(field.title).not.toBe("")
        expectKnown(field)
        if (field.when) expect(fields.map((each) => each.name)).toContain(field.when[0])
    }
}

function expectKnown(field: FieldSchema): void {
    if (field.widget === "choice") expect(field.choices).not.toEqual([])
    if (field.widget === "reference") expect(["event_type", "segment", "connection", "flow", "consent"]).toContain(field.reference)
    if (field.widget === "reference" && field.reference === "connection") expect(field.connectionKind).not.toBe("")
    if (field.widget === "items") {
        expect(field.items).not.toBeNull()
        if (field.items) expectForm(field.items)
    }
}
