// What the builder works on: the tree of a condition as rows and groups. Nothing here knows of the page.
//
// A group is {kind: "group", join: "and" | "or", not, items}. A row is one of
//   {kind: "test", left, op, not, values}      left: {kind: "field", fn, path} or {kind: "aggregate", fn, path, events}
//   {kind: "did", not, events}                 events: {types, where: group, period}
//   {kind: "sequence", not, fromFirst, steps, period}
//   {kind: "consent", not, state, consent}
//   {kind: "text", text}                       whatever cannot be drawn: nothing is ever lost
// A value is {type, ...}: text, number, boolean, null, date, now, ago, field. What is undefined has not been filled in.

export const NEGATABLE = ["=", "between", "in", "exists", "empty", "contains", "contains any", "contains all",
    "starts with", "ends with"]
export const LIST_TESTS = ["in", "contains any", "contains all"]
const MATCHES = ["contains", "contains any", "contains all", "starts with", "ends with"]
const NOW = { type: "call", name: "now", arguments: [] }

export const emptyGroup = (join = "and") => ({ kind: "group", join, not: false, items: [] })
export const emptyEvents = () => ({ types: [], anyType: false, where: emptyGroup(), period: null })

// --- Tree to rows ---

export function toGroup(json) {
    if (!json) return emptyGroup()
    const item = toItem(json)
    return item.kind === "group" ? item : { ...emptyGroup(), items: [item] }
}

function toItem(json) {
    if (json.type === "and" || json.type === "or") {
        return { kind: "group", join: json.type, not: false, items: json.items.map(toItem) }
    }
    if (json.type !== "not") return toRow(json)
    const inner = json.item
    if (inner.type === "and" || inner.type === "or") return { ...toItem(inner), not: true }
    const row = inner.type === "not" ? toItem(inner) : toRow(inner)
    const hasPlace = ["did", "sequence", "consent"].includes(row.kind) || (row.kind === "test" && NEGATABLE.includes(row.op))
    return hasPlace && !row.not ? { ...row, not: true } : { ...emptyGroup(), not: true, items: [row] }
}

function toRow(json) {
    return drawn(json) ?? { kind: "text", text: json.text }
}

function drawn(json) {
    if (json.type === "did") return withEvents({ kind: "did", not: false }, json.events)
    if (json.type === "sequence") return drawnSequence(json)
    if (json.type === "consent") return { kind: "consent", not: false, state: json.state, consent: json.consent }
    const test = drawnTest(json)
    const left = test && toLeft(test.operand)
    if (!left || !test.values.every(Boolean)) return null
    return { kind: "test", left, op: test.op, not: false, values: test.values, isEmptyList: !test.values.length }
}

function drawnTest(json) {
    switch (json.type) {
        case "compare": return { operand: json.left, op: json.op, values: [toValue(json.right)] }
        case "between": return { operand: json.operand, op: "between", values: [toValue(json.low), toValue(json.high)] }
        case "in": return { operand: json.operand, op: "in", values: json.values.items.map(toValue) }
        case "exists": case "empty": return { operand: json.operand, op: json.type, values: [] }
        case "match": return {
            operand: json.operand, op: json.op, values: (json.value.items ?? [json.value]).map(toValue),
        }
    }
    return null
}

function toLeft(json) {
    if (json.type === "field") return { kind: "field", fn: "", path: json.path }
    if (json.type === "call" && json.arguments.length === 1 && json.arguments[0].type === "field") {
        return { kind: "field", fn: json.name, path: json.arguments[0].path }
    }
    if (json.type !== "aggregate") return null
    return withEvents({ kind: "aggregate", fn: json.function, path: json.field?.path }, json.events)
}

function withEvents(row, json) {
    const events = toEvents(json)
    return events && { ...row, events }
}

function toEvents(json) {
    const period = toPeriod(json.period)
    if (period === undefined) return null
    return { types: [...json.types], anyType: !json.types.length, where: toGroup(json.where), period }
}

function drawnSequence(json) {
    const period = toPeriod(json.period)
    if (period === undefined) return null
    const steps = json.steps.map((step) => ({
        types: [...step.types], anyType: !step.types.length, where: toGroup(step.where), within: toDuration(step.within),
    }))
    return { kind: "sequence", not: false, fromFirst: json.from_first, steps, period }
}

// Null is no period; undefined is one that cannot be drawn.
function toPeriod(json) {
    if (!json) return null
    if (json.type === "last") return { type: "last", ...toDuration(json.duration) }
    const start = json.start && toValue(json.start), end = json.end && toValue(json.end)
    const isDrawn = (value) => value === undefined || (value && ["text", "date", "now", "ago"].includes(value.type))
    return isDrawn(start) && isDrawn(end) ? { type: json.type, start, end } : undefined
}

const toDuration = (json) => json && { amount: json.amount, unit: json.unit }

function toValue(json) {
    if (json.type === "field") return { type: "field", path: json.path }
    if (json.type === "literal") return toLiteral(json.value)
    if (json.type === "call" && json.name === "now") return { type: "now" }
    if (json.type === "call" && json.name === "datetime" && typeof json.arguments[0]?.value === "string") {
        return { type: "date", text: json.arguments[0].value }
    }
    if (json.type === "shift" && json.operand.type === "call" && json.operand.name === "now") {
        const { amount, unit } = json.by
        return { type: "ago", amount: Math.abs(amount), unit, ahead: amount > 0 }
    }
    return null
}

function toLiteral(value) {
    if (value === null) return { type: "null" }
    if (typeof value === "boolean") return { type: "boolean", boolean: value }
    if (typeof value === "string") return { type: "text", text: value }
    // JavaScript rounds larger whole numbers; as text they stay what they are.
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? null : { type: "number", number: value }
}

// --- Rows to tree ---

class Incomplete extends Error {}

// Return the tree, or null of no rows; each row that is not filled in is left out, and handed to `skip`.
export function toTree(group, skip) {
    const items = group.items.map((item) => itemToTree(item, skip)).filter(Boolean)
    if (!items.length) return null
    const joined = items.length === 1 ? items[0] : { type: group.join, items }
    return group.not ? negated(joined) : joined
}

function itemToTree(item, skip) {
    if (item.kind === "group") return toTree(item, skip)
    try {
        return rowToTree(item, skip)
    } catch (error) {
        if (!(error instanceof Incomplete)) throw error
        skip(item)
        return null
    }
}

const negated = (item) => ({ type: "not", item })

function rowToTree(row, skip) {
    const tree = plainTree(row, skip)
    return row.not ? negated(tree) : tree
}

function plainTree(row, skip) {
    switch (row.kind) {
        case "text": return { type: "text", text: filled(row.text?.trim() && !row.problem ? row.text : undefined) }
        case "did": return { type: "did", events: eventsTree(row.events, skip) }
        case "consent": return { type: "consent", state: row.state, consent: filled(row.consent || undefined) }
        case "sequence": return {
            type: "sequence",
            steps: row.steps.map((step, index) => ({
                ...selection("step", step, skip), within: index ? durationTree(step.within) : null,
            })),
            period: periodTree(row.period),
            from_first: row.fromFirst,
        }
    }
    return testTree(row, leftTree(row.left, skip))
}

function testTree(row, operand) {
    const values = row.values.map(valueTree)
    const list = { type: "list", items: values }
    if (row.op === "exists" || row.op === "empty") return { type: row.op, operand }
    if (LIST_TESTS.includes(row.op) && !(row.op === "in" || values.length)) throw new Incomplete()
    if (row.op === "in") return { type: "in", operand, values: values.length || row.isEmptyList ? list : filled() }
    if (row.op === "between") return { type: "between", operand, low: filled(values[0]), high: filled(values[1]) }
    if (MATCHES.includes(row.op)) {
        return { type: "match", op: row.op, operand, value: LIST_TESTS.includes(row.op) ? list : filled(values[0]) }
    }
    return { type: "compare", op: row.op, left: operand, right: filled(values[0]) }
}

function leftTree(left, skip) {
    if (left.kind === "aggregate") {
        const field = left.fn === "count" ? null : fieldTree(left.path)
        return { type: "aggregate", function: left.fn, events: eventsTree(left.events, skip), field }
    }
    const field = fieldTree(left.path)
    return left.fn ? { type: "call", name: left.fn, arguments: [field] } : field
}

const fieldTree = (path) => ({ type: "field", path: filled(path || undefined) })

function selection(type, events, skip) {
    if (!events.types.length && !events.anyType) throw new Incomplete()
    return { type, types: events.anyType ? [] : events.types, where: toTree(events.where, skip) }
}

const eventsTree = (events, skip) => ({ ...selection("events", events, skip), period: periodTree(events.period) })

function periodTree(period) {
    if (!period) return null
    if (period.type === "last") return { type: "last", duration: durationTree(period, true) }
    const ends = {}
    if (period.type !== "before") ends.start = valueTree(filled(period.start))
    if (period.type !== "since") ends.end = valueTree(filled(period.end))
    return { type: period.type, ...ends }
}

function durationTree(duration, isNeeded = false) {
    if (!duration) return null
    if (!duration.amount && !isNeeded) return null
    return { type: "duration", amount: filled(duration.amount || undefined), unit: duration.unit }
}

function valueTree(value) {
    const literal = (each) => ({ type: "literal", value: filled(each) })
    switch (filled(value).type) {
        case "text": return literal(value.text)
        case "number": return literal(value.number)
        case "boolean": return literal(value.boolean)
        case "null": return { type: "literal", value: null }
        case "field": return fieldTree(value.path)
        case "now": return NOW
        case "date": return { type: "call", name: "datetime", arguments: [literal(value.text)] }
        case "ago": {
            const amount = filled(value.amount || undefined) * (value.ahead ? 1 : -1)
            return { type: "shift", operand: NOW, by: { type: "duration", amount, unit: value.unit } }
        }
    }
    throw new Incomplete()
}

function filled(value) {
    if (value === undefined || Number.isNaN(value)) throw new Incomplete()
    return value
}
