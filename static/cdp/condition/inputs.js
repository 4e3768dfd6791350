// Inputs of the builder: paths, values that fit their type, lists, lengths of time.

import { UNITS, VALUE_NAMES } from "./words.js"

export function h(tag, properties, ...children) {
    const element = document.createElement(tag)
    for (const [name, value] of Object.entries(properties)) {
        if (name === "role" || name === "list") element.setAttribute(name, value)
        else element[name] = value
    }
    element.append(...children.flat().filter((child) => child || child === 0))
    return element
}

export function choice(label, options, current, picked, part = "") {
    const select = h("select", { className: "cdp-input", ariaLabel: label },
        options.map(([value, text]) => h("option", { value }, text)))
    select.value = current
    select.dataset.part = part
    select.addEventListener("change", () => picked(select.value))
    return select
}

// A field: its path, offered with its name for people. A known one is taken while it is typed; another, when it is left:
// after that, since whatever is drawn anew meanwhile would take the focus from where it goes.
export function pathInput(label, path, context, typed) {
    const input = h("input", {
        type: "text", className: "cdp-input cdp-path", value: path ?? "", ariaLabel: label, autocomplete: "off",
        placeholder: context.roots[0] === "event" ? "event@properties…" : "profile@…", list: fieldList(context),
    })
    input.dataset.part = "path"
    const known = (written) => context.catalogue.fields.find((field) => field.path === written)
    input.title = known(path)?.label ?? ""
    let taken = path ?? ""
    const take = () => {
        const written = input.value.trim()
        if (written === taken) return
        taken = written
        typed(written)
    }
    input.addEventListener("input", () => { if (known(input.value)) take() })
    input.addEventListener("change", () => setTimeout(take))
    return input
}

function fieldList({ catalogue, roots }) {
    const fields = catalogue.fields.filter((field) => roots.includes(field.path.split("@")[0]))
    return dataList(`cdp-fields-${roots.join("-")}`, fields.map((field) => [field.path, field.label]))
}

function dataList(id, options) {
    document.getElementById(id) ?? document.body.append(h("datalist", { id },
        options.map(([value, label]) => h("option", { value, label: label ? `${label} · ${value}` : value }))))
    return id
}

let nextList = 1

// A list that belongs to one input, and goes with it.
function ownList(values) {
    const id = `cdp-values-${nextList++}`
    return [id, h("datalist", { id }, values.map((value) => h("option", { value })))]
}

export function durationInput(label, duration, changed, placeholder = "") {
    const amount = h("input", {
        type: "number", min: "1", step: "1", className: "cdp-input cdp-number", ariaLabel: `${label}: number`,
        value: duration.amount ?? "", placeholder,
    })
    const unit = choice(`${label}: unit`, UNITS.map((name) => [name, `${name}s`]), duration.unit, (picked) => {
        duration.unit = picked
        changed()
    })
    amount.addEventListener("input", () => {
        duration.amount = amount.value === "" ? undefined : Math.trunc(amount.valueAsNumber)
        changed()
    })
    return h("span", { className: "cdp-together" }, amount, unit)
}

// One value: its type, where there are several that fit, and an input for it.
export function valueInput(label, value, options, changed) {
    const types = value && !options.types.includes(shownAs(value, options.types))
        ? [...options.types, value.type] : options.types
    let current = value
    const box = h("span", { className: "cdp-together" })

    function draw() {
        const type = current ? shownAs(current, types) : types[0]
        const pick = types.length > 1 && choice(`${label}: type`, types.map((name) => [name, VALUE_NAMES[name]]), type,
            (picked) => { current = blank(picked); changed(current); draw(); box.querySelector("input")?.focus() }, "type")
        const set = (next) => { current = next; changed(next) }
        box.replaceChildren(...[pick, EDITORS[type](current, set, label, options)].flat().filter(Boolean))
    }

    draw()
    return box
}

// A text beside a time is a date.
const shownAs = (value, types) => value.type === "text" && types[0] === "date" ? "date" : value.type

function blank(type) {
    return { ago: { type, amount: undefined, unit: "day" }, now: { type }, null: { type },
        boolean: { type, boolean: true } }[type]
}

const EDITORS = {
    text: (value, set, label, { known, part }) => {
        const [id, list] = ownList(known)
        const input = h("input", { type: "text", className: "cdp-input", value: value?.text ?? "", ariaLabel: label,
            autocomplete: "off", list: id, placeholder: "value" })
        input.dataset.part = part
        input.addEventListener("input", () => set({ type: "text", text: input.value }))
        return [input, list]
    },
    number: (value, set, label, { part }) => {
        const input = h("input", { type: "number", step: "any", className: "cdp-input cdp-number",
            value: value?.number ?? "", ariaLabel: label })
        input.dataset.part = part
        input.addEventListener("input", () =>
            set(input.value === "" ? undefined : { type: "number", number: input.valueAsNumber }))
        return input
    },
    boolean: (value, set, label) => {
        if (!value) set({ type: "boolean", boolean: true })
        return choice(label, [["true", "yes"], ["false", "no"]], String(value?.boolean ?? true),
            (picked) => set({ type: "boolean", boolean: picked === "true" }))
    },
    date: (value, set, label, { part }) => {
        const isDay = !value?.text || /^\d{4}-\d{2}-\d{2}$/.test(value.text)
        const input = h("input", { type: isDay ? "date" : "text", className: "cdp-input", value: value?.text ?? "",
            ariaLabel: label })
        input.dataset.part = part
        input.addEventListener("input", () => set(input.value ? { type: value?.type ?? "text", text: input.value } : undefined))
        return input
    },
    ago: (value, set, label) => {
        const current = value ?? { type: "ago", amount: undefined, unit: "day" }
        const side = choice(`${label}: side`, [["", "ago"], ["ahead", "from now"]], current.ahead ? "ahead" : "",
            (picked) => { current.ahead = Boolean(picked); set(current) })
        return [durationInput(label, current, () => set(current)), side]
    },
    field: (value, set, label, options) =>
        pathInput(`${label}: field`, value?.path ?? "", options, (path) => set(path ? { type: "field", path } : undefined)),
    null: () => h("span", {}, "nothing"),
    now: () => h("span", {}, "now"),
}

// Several values as chips; Enter, a comma or leaving the input adds what was typed.
export function chips(label, values, { known, asNumber = false, plain = false, placeholder = "value", part }, changed) {
    const [id, list] = ownList(known)
    const input = h("input", { type: "text", className: "cdp-chip-input", ariaLabel: label, autocomplete: "off", list: id,
        placeholder })
    input.dataset.part = part
    const box = h("span", { className: "cdp-chips" })

    function draw() {
        box.replaceChildren(...values.map(chip), input, list)
    }

    function chip(value, index) {
        const text = plain ? value : String(value.text ?? value.number ?? value.boolean ?? "nothing")
        const remove = h("button", { type: "button", title: `Remove ${text}`, ariaLabel: `Remove ${text}`,
            onclick: () => { values.splice(index, 1); draw(); input.focus(); changed() } }, "×")
        return h("span", { className: "cdp-chip" }, text || "“”", remove)
    }

    function add() {
        const typed = input.value.trim().replace(/,$/, "")
        input.value = ""
        if (!typed) return
        const number = Number(typed)
        values.push(plain ? typed : asNumber && !Number.isNaN(number) ? { type: "number", number } : { type: "text", text: typed })
        draw()
        input.focus()
        changed()
    }

    input.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || (event.key === "," && input.value)) { event.preventDefault(); add() }
        if (event.key === "Backspace" && !input.value && values.length) { values.pop(); draw(); input.focus(); changed() }
    })
    input.addEventListener("input", () => { if (known.includes(input.value)) add() })
    input.addEventListener("blur", () => { if (input.value.trim()) { const at = document.activeElement; add(); at?.focus?.() } })
    draw()
    return box
}
