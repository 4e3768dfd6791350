// The editor of a condition: the builder and the text, two views on one tree; each follows the other.

import { builder } from "./builder.js"
import { toGroup, toTree } from "./model.js"
import { afterQuiet, serverOf } from "./server.js"
import { textEditor } from "./text.js"

const QUIET = 350

export async function edit(element) {
    const server = serverOf(element)
    const textarea = element.querySelector("textarea"), place = element.querySelector("[data-builder]")
    const preview = element.querySelector(".cdp-preview")
    const text = textEditor(textarea, server)
    let group = toGroup(null), skipped = [], problem = null, turn = 0

    // The text was changed: draw what it says, unless it is wrong; the builder keeps what it showed last then.
    const follow = afterQuiet(async () => {
        const mine = ++turn
        const answer = await server.read(textarea.value)
        if (mine !== turn) return
        tell(answer.error, answer.doubts)
        if (answer.error) return place.childElementCount || drawn.draw(group)
        group = toGroup(answer.json?.condition)
        skipped = []
        drawn.draw(group)
        announce()
    }, QUIET)

    // The builder was changed: write what it says.
    const write = afterQuiet(async () => {
        const mine = ++turn
        skipped = []
        const tree = toTree(group, (row) => skipped.push(row))
        for (const row of place.querySelectorAll(".cdp-incomplete")) row.classList.remove("cdp-incomplete")
        for (const row of skipped) row.element?.classList.add("cdp-incomplete")
        const answer = tree ? await server.write({ version: 1, condition: tree }) : { text: "" }
        if (mine !== turn) return
        if (answer.text !== undefined) textarea.value = answer.text
        tell(answer.error, answer.doubts)
        if (!answer.error) announce()
    }, QUIET)

    function tell(error, doubts) {
        problem = error ?? null
        text.show(problem, doubts)
        for (const shown of [place, preview]) shown?.classList.toggle("cdp-stale", Boolean(error))
    }

    function announce() {
        element.dispatchEvent(new CustomEvent("condition", { bubbles: true }))
    }

    const drawn = builder(place, await server.fields(), {
        server,
        changed: () => { follow.cancel(); turn++; write() },
    })
    textarea.addEventListener("input", () => { write.cancel(); turn++; follow() })

    // What was clicked last is sent, too, and what is not filled in is not saved as something else.
    textarea.form?.addEventListener("submit", async (event) => {
        const waiting = write.flush()
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

    place.hidden = false
    element.classList.add("cdp-ready")
    if (textarea.value.trim()) {
        follow()
        follow.flush()
    } else {
        drawn.draw(group)
    }
}

for (const element of document.querySelectorAll("[data-condition]")) edit(element)
