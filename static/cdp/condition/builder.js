// The builder: groups and rows to click, over the model of model.js. It works with the keyboard alone.

import { choice, chips, durationInput, h, pathInput, valueInput } from "./inputs.js"
import { emptyEvents, emptyGroup, LIST_TESTS, toGroup } from "./model.js"
import {
    CONSENTS, FUNCTION_NAMES, GROUPS, HAPPENINGS, kindOf, kindOfLeft, PERIODS, SEQUENCES, TESTS, VALUES,
} from "./words.js"

// Draw a group into a place, anew whenever `draw` is called; `changed` is called after each change of the model.
export function builder(place, catalogue, { server, changed }) {
    const kinds = new Map(catalogue.fields.map((field) => [field.path, kindOf(field.kind)]))
    const values = new Map(catalogue.fields.map((field) => [field.path, field.values]))
    const context = {
        server, changed, catalogue,
        kindOfField: (path) => kinds.get(path) ?? "any",
        valuesOf: (path) => values.get(path) ?? [],
    }
    return {
        draw: (group) => place.replaceChildren(groupBox(group, { ...context, roots: catalogue.roots, hasPast: catalogue.has_past, depth: 0 })),
    }
}

// --- Groups ---

function groupBox(group, context, remove) {
    const items = h("div", { className: "cdp-items" })
    const head = h("div", { className: "cdp-group-head" },
        choice("How these belong together", GROUPS, `${group.not ? "not " : ""}${group.join}`, (picked) => {
            group.not = picked.startsWith("not ")
            group.join = picked.replace("not ", "")
            box.dataset.join = group.join
            context.changed()
        }),
        remove && removeButton("Remove this group", remove))
    const box = h("div", { className: "cdp-group", role: "group", ariaLabel: "Group of conditions" },
        head, items, adders(group, context, append))
    box.dataset.join = group.join

    function append(item) {
        group.items.push(item)
        const element = itemBox(group, item, context)
        items.append(element)
        element.querySelector("input, select, textarea")?.focus()
        context.changed()
    }

    items.append(...group.items.map((item) => itemBox(group, item, context)))
    return box
}

function adders(group, context, append) {
    const { hasPast } = context
    const left = () => ({ kind: "field", fn: "", path: "" })
    const field = () => ({ kind: "test", left: left(), op: "=", not: false, values: [], isFresh: true })
    const consent = () => ({ kind: "consent", not: false, state: "given", consent: context.catalogue.consents[0]?.id ?? "" })
    const did = () => ({ kind: "did", not: false, events: emptyEvents() })
    const step = () => ({ types: [], anyType: false, where: emptyGroup(), within: { unit: "day" } })
    const sequence = () => ({ kind: "sequence", not: false, fromFirst: false, steps: [step(), step()], period: null })
    return h("div", { className: "cdp-adders" },
        adder(isOfEvents(context) ? "Property" : "Field", () => append(field())),
        hasPast && adder("Events", () => append(did())),
        hasPast && adder("Sequence", () => append(sequence())),
        !isOfEvents(context) && context.catalogue.consents && adder("Consent", () => append(consent())),
        adder("Group", () => append(emptyGroup(group.join === "and" ? "or" : "and"))),
        adder("Text", () => append({ kind: "text", text: "" })))
}

const isOfEvents = ({ roots }) => roots.length === 1 && roots[0] === "event"
const ofPastEvents = { roots: ["event"], hasPast: false }
const adder = (name, onclick) => h("button", { type: "button", className: "cdp-add", onclick }, `+ ${name}`)

function removeButton(label, onclick) {
    return h("button", { type: "button", className: "cdp-remove", title: label, ariaLabel: label, onclick }, "×")
}

function itemBox(group, item, context) {
    const element = item.kind === "group"
        ? groupBox(item, { ...context, depth: context.depth + 1 }, remove)
        : rowBox(item, { ...context, replace }, remove)

    function remove() {
        const next = element.nextElementSibling ?? element.previousElementSibling ?? element.parentElement.parentElement
        group.items.splice(group.items.indexOf(item), 1)
        element.remove()
        next.querySelector("input, select, button")?.focus()
        context.changed()
    }

    function replace(replacement) {
        group.items.splice(group.items.indexOf(item), 1, replacement)
        const fresh = itemBox(group, replacement, context)
        element.replaceWith(fresh)
        fresh.querySelector("select, input")?.focus()
        context.changed()
    }

    return element
}

function rowBox(row, context, remove) {
    const content = h("div", { className: "cdp-row-parts" })
    row.element = h("div", { className: `cdp-row cdp-row-${row.kind}` }, content,
        removeButton("Remove this row", remove))

    // Draw the row anew, and stay at the input that made it necessary.
    function redraw() {
        const at = content.contains(document.activeElement) && document.activeElement.dataset.part
        content.replaceChildren(...ROWS[row.kind](row, { ...context, redraw }).flat().filter(Boolean))
        const same = at ? content.querySelector(`[data-part="${at}"]`) : null
        same?.focus()
        if (at === "path") same?.setSelectionRange(same.value.length, same.value.length)
    }

    redraw()
    return row.element
}

// --- Rows ---

const ROWS = { test: testRow, did: didRow, sequence: sequenceRow, consent: consentRow, text: textRow }

function testRow(row, context) {
    if (row.left.kind === "aggregate") {
        return [...happening(row, context), ...testInputs(row, { ...context, canCompareFields: false })]
    }
    const functions = Object.keys(context.catalogue.functions).map((name) => [name, FUNCTION_NAMES[name] ?? name])
    const path = pathInput("Field", row.left.path, context, (typed) => {
        const before = kindOfLeft(row.left, context.kindOfField)
        row.left.path = typed
        if (kindOfLeft(row.left, context.kindOfField) !== before) fitTest(row, context)
        context.redraw()
        context.changed()
    })
    const fn = choice("Function of the field", [["", "value of"], ...functions], row.left.fn, (picked) => {
        row.left.fn = picked
        fitTest(row, context)
        context.redraw()
        context.changed()
    }, "function")
    return [fn, path, ...testInputs(row, { ...context, canCompareFields: true })]
}

// Choose a test and values that fit the kind, where nobody has chosen, or what is there does not fit.
function fitTest(row, context) {
    const kind = kindOfLeft(row.left, context.kindOfField)
    const tests = TESTS[kind].map(([name]) => name)
    if (row.isFresh || !tests.includes(`${row.not ? "not " : ""}${row.op}`)) {
        row.not = tests[0].startsWith("not ")
        row.op = tests[0].replace("not ", "")
    }
    row.values = row.values.filter((value) => VALUES[kind].includes(value?.type))
}

function testInputs(row, context) {
    const kind = kindOfLeft(row.left, context.kindOfField)
    const picked = `${row.not ? "not " : ""}${row.op}`
    const tests = withCurrent(TESTS[kind], picked)
    const test = choice("Test", tests, picked, (name) => {
        const wasList = LIST_TESTS.includes(row.op)
        row.isFresh = false
        row.not = name.startsWith("not ")
        row.op = name.replace("not ", "")
        if (wasList !== LIST_TESTS.includes(row.op)) row.values = row.values.slice(0, 1).filter(Boolean)
        row.isEmptyList = false
        context.redraw()
        context.changed()
    }, "test")
    return [test, ...valueInputs(row, kind, context)]
}

function valueInputs(row, kind, context) {
    const known = row.left.kind === "field" && !row.left.fn ? context.valuesOf(row.left.path)
        : row.left.path ? context.valuesOf(row.left.path) : []
    if (row.op === "exists" || row.op === "empty") return []
    if (LIST_TESTS.includes(row.op)) {
        const asNumber = kind === "number" || (kind === "any" && row.values.some((value) => value.type === "number"))
        return [chips("Values", row.values, { known, asNumber, part: "values" }, () => {
            row.isEmptyList = false
            context.changed()
        })]
    }
    const usual = kind === "any" && ["<", "<=", ">", ">=", "between"].includes(row.op) ? ["number", ...VALUES.any] : VALUES[kind]
    const types = [...new Set(usual)].filter((type) => type !== "field" || context.canCompareFields)
    const input = (index) => valueInput("Value", row.values[index], { types, known, ...context, part: `v${index}` },
        (value) => { row.values[index] = value; context.changed() })
    return row.op === "between" ? [input(0), "and", input(1)] : [input(0)]
}

function withCurrent(options, current) {
    return options.some(([name]) => name === current) ? options : [...options, [current, current]]
}

// --- Past events ---

function didRow(row, context) {
    return happening(row, context)
}

function happening(row, context) {
    const current = row.kind === "did" ? `${row.not ? "not " : ""}did` : row.left.fn
    const events = row.kind === "did" ? row.events : row.left.events
    const what = choice("What happened", HAPPENINGS, current, (picked) => {
        if (picked.endsWith("did")) return context.replace({ kind: "did", not: picked.startsWith("not "), events })
        const left = { kind: "aggregate", fn: picked, path: row.left?.path ?? "", events }
        const isSameKind = row.kind === "test" && kindOfLeft(row.left, context.kindOfField)
            === kindOfLeft(left, context.kindOfField)
        const test = isSameKind ? { op: row.op, not: row.not, values: row.values } : { op: ">=", not: false, values: [] }
        context.replace({ kind: "test", left, ...test })
    }, "what")
    const inEvents = { ...context, ...ofPastEvents }
    const needsField = row.kind === "test" && row.left.fn !== "count"
    const field = needsField && pathInput("Field of the events", row.left.path, inEvents, (typed) => {
        row.left.path = typed
        context.redraw()
        context.changed()
    })
    return [what, field, field && "of", ...selectionInputs(events, context), periodInputs(events, context)]
}

function selectionInputs(events, context) {
    const types = chips("Event types", events.types,
        { known: context.catalogue.events, placeholder: events.anyType ? "any event" : "event type", plain: true, part: "types" },
        () => { if (events.types.length) events.anyType = false; context.changed() })
    const any = choice("Which events", [["", "of type"], ["any", "any event"]], events.anyType ? "any" : "", (picked) => {
        events.anyType = Boolean(picked)
        if (picked) events.types.length = 0
        context.redraw()
        context.changed()
    }, "any")
    const where = events.where.items.length || events.showsWhere
        ? h("div", { className: "cdp-where" }, h("span", {}, "where"),
            groupBox(events.where, { ...context, ...ofPastEvents, depth: context.depth + 1 }, () => {
                Object.assign(events, { where: emptyGroup(), showsWhere: false })
                context.redraw()
                context.changed()
            }))
        : h("button", {
            type: "button", className: "cdp-add", onclick: () => { events.showsWhere = true; context.redraw() },
        }, "+ where")
    where.dataset.part = "where"
    return [any, !events.anyType && types, where]
}

function periodInputs(holder, context) {
    const period = holder.period
    const input = (name) => valueInput(name === "start" ? "From" : "Until", period[name],
        { types: ["date", "ago"], known: [], ...context, part: name }, (value) => { period[name] = value; context.changed() })
    const kind = choice("When", PERIODS, period?.type ?? "", (picked) => {
        holder.period = picked ? { type: picked, ...(picked === "last" ? { amount: 30, unit: "day" } : {}) } : null
        context.redraw()
        context.changed()
    }, "period")
    const parts = {
        last: () => [durationInput("How long", period, context.changed)],
        since: () => [input("start")],
        before: () => [input("end")],
        from_to: () => [input("start"), "and", input("end")],
    }
    return [kind, ...(period ? parts[period.type]() : [])]
}

function sequenceRow(row, context) {
    const order = choice("Sequence", SEQUENCES, row.not ? "not" : "", (picked) => {
        row.not = Boolean(picked)
        context.changed()
    }, "order")
    const first = h("label", { className: "cdp-check" }, h("input", {
        type: "checkbox", checked: row.fromFirst,
        onchange: (event) => { row.fromFirst = event.target.checked; context.changed() },
    }), "starting with the very first one")
    const steps = h("ol", { className: "cdp-steps" }, ...row.steps.map((step, index) => stepLine(row, step, index, context)))
    const add = row.steps.length < 10 && adder("Step", () => {
        row.steps.push({ types: [], anyType: false, where: emptyGroup(), within: { unit: "day" } })
        context.redraw()
        context.changed()
    })
    return [order, first, periodInputs(row, context), steps, add]
}

function stepLine(row, step, index, context) {
    step.within ??= { unit: "day" }
    const redraw = () => line.replaceWith(stepLine(row, step, index, context))
    const remove = row.steps.length > 2 && removeButton("Remove this step", () => {
        row.steps.splice(index, 1)
        context.redraw()
        context.changed()
    })
    const within = index > 0 && ["within", durationInput("Within", step.within, context.changed, "any time")]
    const line = h("li", {}, h("div", { className: "cdp-row-parts" },
        h("span", { className: "cdp-then" }, index ? "then" : "first"),
        ...selectionInputs(step, { ...context, redraw }), ...(within || []), remove))
    return line
}

// --- Consents ---

function consentRow(row, context) {
    const state = choice("What was decided", CONSENTS, `${row.not ? "not " : ""}${row.state}`, (picked) => {
        row.not = picked.startsWith("not ")
        row.state = picked.replace("not ", "")
        context.changed()
    }, "state")
    const known = (context.catalogue.consents ?? []).map(({ id, name }) => [id, name])
    const types = row.consent ? withCurrent(known, row.consent) : [["", known.length ? "consent" : "no consent type yet"], ...known]
    const type = choice("Consent", types, row.consent, (picked) => {
        row.consent = picked
        context.changed()
    }, "consent")
    return [state, type]
}

// --- Text ---

function textRow(row, context) {
    const input = h("textarea", { className: "cdp-input cdp-json", rows: 1, value: row.text, ariaLabel: "Condition as text" })
    const problem = h("p", { className: "cdp-problem", role: "status" }, row.problem ?? "")
    input.addEventListener("change", async () => {
        row.text = input.value
        const answer = row.text.trim() ? await context.server.read(row.text, { part: true }) : {}
        row.problem = answer.error && `${answer.error.message} ${answer.error.suggestion ? `Did you mean ${answer.error.suggestion}?` : answer.error.hint ?? ""}`
        problem.textContent = row.problem ?? ""
        input.setAttribute("aria-invalid", row.problem ? "true" : "false")
        const group = answer.json && toGroup(answer.json.condition)
        const drawn = group?.items.length === 1 && !group.not ? group.items[0] : group
        if (drawn && drawn.kind !== "text") context.replace(drawn)
        else context.changed()
    })
    return [h("div", { className: "cdp-text-part" }, input, problem)]
}
