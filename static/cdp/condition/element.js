// <cdp-condition language="people">: a condition, clicked together and written as text; each follows the other.
//
// Attributes: `language` (of apps/core/admin/conditions/languages.py), `value`, `label` for screen readers,
// `placeholder`, `disabled` (to look at only). A textarea that is in it already is used, so that a form sends it, and
// without scripts it is what there is. Where the server is asked says `data-conditions` on it, or around it.
// Properties: `value` is the text; another one draws it anew. `disabled`. `problem`: what is wrong, or null. `isBehind`:
// the text does not say yet what was clicked. `isIncomplete`: it leaves out a row that is not filled in.
// Events of its own, which bubble; those of the inputs inside do not get out:
//   input   the text is another one: it was typed, and may be wrong, or follows what was clicked
//   change  the server has read the text, and nothing is wrong with it

import { builder } from "./builder.js"
import { h } from "./inputs.js"
import { toGroup, toTree } from "./model.js"
import { afterQuiet, serverOf } from "./server.js"
import { textEditor } from "./text.js"

const QUIET_MS = 350
const RETRY_MS = 5_000 // while the server is away, or somebody is signed out

let nextId = 1

class ConditionElement extends HTMLElement {
    static observedAttributes = ["disabled"]

    #first = null // the text until there is a place for it
    #textarea = null
    #place = null
    #editing = null
    problem = null
    isBehind = false

    get isIncomplete() {
        return this.#editing?.isIncomplete() ?? false
    }

    get value() {
        return this.#textarea?.value ?? this.#first ?? this.getAttribute("value") ?? ""
    }

    set value(text) {
        if (!this.#textarea) this.#first = text
        else if (text !== this.#textarea.value) this.#editing.show(text)
    }

    get disabled() {
        return this.hasAttribute("disabled")
    }

    set disabled(isDisabled) {
        this.toggleAttribute("disabled", Boolean(isDisabled))
    }

    connectedCallback() {
        if (this.#textarea) return // it was only moved
        this.#build()
        this.attributeChangedCallback()
        this.#editing = edit(this, this.#textarea, this.#place)
    }

    attributeChangedCallback() {
        if (!this.#textarea) return
        this.#textarea.readOnly = this.disabled
        this.#place.inert = this.disabled
    }

    // Put the builder, and what tells of mistakes, around the text.
    #build() {
        const preview = this.querySelector(".cdp-preview")
        this.#textarea = this.querySelector("textarea")
            ?? h("textarea", { rows: 3, spellcheck: false, autocomplete: "off", className: "cdp-json", value: this.value })
        this.#textarea.id ||= `cdp-condition-${nextId++}`
        this.#textarea.placeholder ||= this.getAttribute("placeholder") ?? ""
        this.#place = h("div", { className: "cdp-builder" })
        const box = h("div", { className: "cdp-condition" },
            this.#place,
            h("div", { className: "cdp-condition-side" },
                h("label", { className: "cdp-condition-label", htmlFor: this.#textarea.id }, "The same as text"),
                h("div", { className: "cdp-condition-text" }, h("div", { className: "cdp-backdrop", ariaHidden: "true" }),
                    this.#textarea),
                h("p", { className: "cdp-problem", role: "status" }),
                preview))
        for (const type of ["input", "change"]) box.addEventListener(type, (event) => event.stopPropagation())
        this.setAttribute("role", "group")
        const label = this.getAttribute("label")
        if (label) this.setAttribute("aria-label", label)
        this.replaceChildren(box)
    }
}

function edit(element, textarea, place) {
    const server = serverOf(element, element.getAttribute("language"))
    const preview = element.querySelector(".cdp-preview")
    const text = textEditor(textarea, server)
    let group = toGroup(null), skipped = [], turn = 0, drawn = null, writing = null

    // The text was changed: draw what it says, unless it is wrong; the builder keeps what it showed last then.
    const follow = afterQuiet(async () => {
        const mine = ++turn
        const answer = await server.read(textarea.value)
        if (mine !== turn) return
        tell(answer.error, answer.doubts)
        if (answer.error?.isAway) setTimeout(() => mine === turn && follow(), RETRY_MS)
        if (answer.error) return place.childElementCount || drawn?.draw(group)
        group = toGroup(answer.json?.condition)
        skipped = []
        drawn?.draw(group)
        announce("change")
    }, QUIET_MS)

    // The builder was changed: write what it says.
    const write = afterQuiet(() => {
        const mine = written().finally(() => { if (writing === mine) writing = null })
        writing = mine
        return mine
    }, QUIET_MS)

    async function written() {
        const mine = ++turn
        skipped = []
        const tree = toTree(group, (row) => skipped.push(row))
        for (const row of place.querySelectorAll(".cdp-incomplete")) row.classList.remove("cdp-incomplete")
        for (const row of skipped) row.element?.classList.add("cdp-incomplete")
        const answer = tree ? await server.write({ version: 1, condition: tree }) : { text: "" }
        if (mine !== turn) return
        element.isBehind = Boolean(answer.error?.isAway)
        const before = textarea.value
        if (answer.text !== undefined) textarea.value = answer.text
        tell(answer.error, answer.doubts)
        if (answer.error?.isAway) setTimeout(() => mine === turn && write(), RETRY_MS)
        if (textarea.value !== before) announce("input")
        if (!answer.error) announce("change")
    }

    function tell(error, doubts) {
        element.problem = error ?? null
        text.show(element.problem, doubts)
        for (const shown of [place, preview]) shown?.classList.toggle("cdp-stale", Boolean(error))
    }

    function announce(type) {
        element.dispatchEvent(new CustomEvent(type, { bubbles: true, detail: { value: textarea.value } }))
    }

    textarea.addEventListener("input", () => {
        write.cancel()
        element.isBehind = false
        turn++
        follow()
        announce("input")
    })
    // Who leaves it may leave the page, or close what it stands in.
    element.addEventListener("focusout", ({ relatedTarget }) => element.contains(relatedTarget) || write.flush())

    // What was clicked last is sent, too, and what is not filled in is not saved as something else.
    textarea.form?.addEventListener("submit", async (event) => {
        const waiting = write.flush() ?? writing
        if (!waiting && !skipped.length) return
        event.preventDefault()
        const { submitter } = event
        await waiting
        if (skipped.length) return complain()
        textarea.form.requestSubmit(submitter)
    })

    function complain() {
        text.show({ message: "Something is not filled in: complete it, or remove it.", offset: null })
        const row = skipped[0].element
        row?.scrollIntoView({ block: "center" })
        const open = [...row?.querySelectorAll("input") ?? []].find((input) => !input.value) ?? row?.querySelector("input")
        open?.focus()
    }

    // Without a catalogue there is nothing to click, and the text can be written all the same.
    async function begin() {
        const catalogue = await server.fields()
        if (catalogue.error) return tell(catalogue.error)
        drawn = builder(place, catalogue, {
            server,
            changed: () => { follow.cancel(); turn++; element.isBehind = true; write() },
        })
        element.firstElementChild.classList.add("cdp-ready")
        if (!textarea.value.trim()) return drawn.draw(group)
        follow()
        follow.flush()
    }

    function show(value) {
        write.cancel()
        element.isBehind = false
        textarea.value = value
        text.mark(null)
        follow()
        follow.flush()
    }

    function isIncomplete() {
        const rows = []
        toTree(group, (row) => rows.push(row))
        return rows.length > 0
    }

    begin()
    return { show, isIncomplete }
}

customElements.define("cdp-condition", ConditionElement)
