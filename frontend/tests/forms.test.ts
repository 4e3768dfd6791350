import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { lengthOf, textOfLength, UNITS } from "../src/forms/durations"
import { blank, fieldsOf, fieldsShown, withSetting } from "../src/forms/schema"
import { completed, completingAt, foundFields, readTyped, typedOf } from "../src/forms/templates"
import { RowKeys } from "../src/forms/use_row_keys"
import type { Json } from "../src/model/json"

const CALL = {
    type: "object",
    properties: {
        method: { title: "Method", type: "string", enum: ["GET", "POST"], "x-widget": "choice", default: "POST" },
        body: { title: "Body", "x-widget": "template", "x-when": { method: ["POST"] } },
        signed: { title: "Signed", type: "boolean", "x-widget": "switch", "x-when": { body: ["x"] }, default: false },
        parts: { title: "Parts", type: "array", "x-widget": "items", items: { properties: { n: { type: "integer" } } } },
        amount: { title: "Amount", type: ["integer", "null"], minimum: 1, "x-widget": "number" },
    },
    required: ["parts"],
}

describe("a form", () => {
    test("has the fields of its schema in their order, with what is said of them", () => {
        const fields = fieldsOf(CALL)
        expect(fields.map((field) => field.name)).toEqual(["method", "body", "signed", "parts", "amount"])
        expect(fields[0]?.choices).toEqual([
            { value: "GET", label: "GET" },
            { value: "POST", label: "POST" },
        ])
        expect([fields[3]?.isRequired, fields[4]?.least, fields[4]?.isWhole]).toEqual([true, 1, true])
        expect(blank(CALL)).toEqual({ parts: [] })
    })

    test("shows what is there with these settings, and drops what is not there any more", () => {
        const names = (settings: { [name: string]: Json }) => fieldsShown(CALL, settings).map((field) => field.name)
        expect(names({})).toEqual(["method", "body", "parts", "amount"])
        expect(names({ method: "GET", body: "x" })).toEqual(["method", "parts", "amount"])
        expect(names({ body: "x" })).toContain("signed")
        expect(withSetting(CALL, { body: "x", signed: true, other: 1 }, "method", "GET")).toEqual({ method: "GET", other: 1 })
        expect(withSetting(CALL, { method: "GET" }, "method", undefined)).toEqual({})
    })
})

describe("the rows of a list", () => {
    test("keep their keys as they move, are added and removed", () => {
        const rows = new RowKeys()
        expect(rows.of(3)).toEqual([1, 2, 3])
        rows.swapped(1, 2)
        expect(rows.of(4)).toEqual([1, 3, 2, 4])
        rows.removed(0)
        expect(rows.of(3)).toEqual([3, 2, 4])
    })
})

describe("a length of time", () => {
    test("is a number and a unit, and is written as it was read", () => {
        fc.assert(
            fc.property(fc.nat(10_000), fc.constantFrom(...UNITS), (amount, unit) => {
                expect(lengthOf(textOfLength({ amount, unit }))).toEqual({ amount, unit })
            }),
        )
        expect([lengthOf("1h"), lengthOf("1h30m"), lengthOf("soon")]).toEqual([{ amount: 1, unit: "hours" }, null, null])
    })
})

describe("a template", () => {
    test("is typed as text or as JSON, and read as what it was", () => {
        fc.assert(
            fc.property(fc.jsonValue(), (value) => {
                const plain = JSON.parse(JSON.stringify(value)) as Json
                fc.pre(typeof plain !== "string" || plain.trim() !== "")
                expect(readTyped(typedOf(plain))).toEqual(plain)
            }),
        )
        expect(typedOf("5")).toBe('"5"')
        expect(readTyped('{"a": ')).toBe('{"a": ')
    })

    test("offers fields where one may stand, and closes the braces", () => {
        const text = "Dear {{ profile@tr"
        const completing = completingAt(text, text.length, "text")
        expect(completing).toEqual({ from: 8, to: 18, typed: "profile@tr" })
        expect(completing && completed(text, completing, "profile@traits.name")).toEqual({
            text: "Dear {{ profile@traits.name }}",
            caret: 27,
        })
        expect(completed("{{", { from: 2, to: 2, typed: "" }, "profile@id")).toEqual({ text: "{{ profile@id }}", caret: 13 })
        expect(completed("{{ p }}", { from: 3, to: 4, typed: "p" }, "profile@id")).toEqual({ text: "{{ profile@id }}", caret: 13 })
        expect(completingAt("Dear", 4, "text")).toBeNull()
        expect(completingAt('{"to": "event@pro', 17, "value")?.typed).toBe("event@pro")
        expect(completingAt("", 0, "value")).toEqual({ from: 0, to: 0, typed: "" })
    })

    test("finds fields by path and by label", () => {
        const fields = [
            { path: "event@properties.plan", label: "Plan" },
            { path: "profile@traits.plan", label: "Plan" },
        ]
        expect(foundFields("profile@", fields)).toEqual([fields[1]])
        expect(foundFields("plan", fields)).toEqual(fields)
    })
})
