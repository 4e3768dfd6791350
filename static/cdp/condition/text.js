// The text of a condition: what may be typed is offered at the cursor, and what is wrong is marked where it is.

import { afterQuiet } from "./server.js"

let nextId = 1

export function textEditor(textarea, server) {
    const frame = textarea.closest(".cdp-condition-text")
    const backdrop = frame.querySelector(".cdp-backdrop")
    const problem = textarea.closest(".cdp-condition, .cdp-query").querySelector(".cdp-problem")
    problem.id ||= `cdp-problem-${nextId++}`
    textarea.setAttribute("aria-describedby", problem.id)
    const completion = completionOf(textarea, frame, backdrop, server)

    // What is wrong; or, where nothing is, words that name nothing that is known.
    function show(error, doubts = []) {
        textarea.setAttribute("aria-invalid", error ? "true" : "false")
        problem.classList.toggle("cdp-doubt", !error && doubts.length > 0)
        problem.replaceChildren(...(error ? [error] : doubts).flatMap((each) => [...explained(each), " "]))
        mark(error)
    }

    function mark(error) {
        const text = textarea.value
        if (!error || error.offset === null || error.offset === undefined) return backdrop.replaceChildren(text)
        const at = [...text].slice(0, error.offset).join("").length // Python counts characters, JavaScript halves of some
        const wrong = document.createElement("mark")
        wrong.textContent = [...text].slice(error.offset, error.offset + error.length).join("") || "\u00a0"
        const rest = error.length ? at + wrong.textContent.length : at
        backdrop.replaceChildren(text.slice(0, at), wrong, text.slice(rest))
    }

    function explained(error) {
        const where = error.line ? `Line ${error.line}, column ${error.column}: ` : ""
        const parts = [`${where}${error.message} ${error.hint ?? ""}`.trim()]
        if (error.suggestion) parts.push(" Did you mean ", correction(error), "?")
        return parts
    }

    function correction(error) {
        const button = document.createElement("button")
        Object.assign(button, { type: "button", className: "cdp-link", textContent: error.suggestion })
        button.addEventListener("click", () => {
            const characters = [...textarea.value]
            if (error.offset !== null) characters.splice(error.offset, error.length, error.suggestion)
            textarea.value = characters.join("")
            textarea.focus()
            textarea.dispatchEvent(new Event("input", { bubbles: true }))
        })
        return button
    }

    textarea.addEventListener("input", () => mark(null))
    mark(null)
    return { show, mark, isCompleting: completion.isOpen }
}

function completionOf(textarea, frame, backdrop, server) {
    const list = document.createElement("ul")
    Object.assign(list, { id: `cdp-completion-${nextId++}`, className: "cdp-completion", hidden: true })
    list.setAttribute("role", "listbox")
    list.setAttribute("aria-label", "What may be typed here")
    frame.append(list)
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id],
        ["aria-expanded", "false"]]) textarea.setAttribute(name, value)
    let found = [], active = -1, asked = 0, length = 0 // of the text that what is found belongs to

    async function offer() {
        const text = textarea.value, question = ++asked
        const answer = await server.complete(text, [...text.slice(0, textarea.selectionStart)].length)
        if (question !== asked || document.activeElement !== textarea) return
        length = [...text].length
        show((answer.suggestions ?? []).filter((each) => each.value.toLowerCase() !== typed(each)))
    }

    // Until the server answers to what is typed now, what was offered before is offered as far as it still fits.
    function narrow() {
        asked++
        active = -1
        const grown = [...textarea.value].length - length
        length += grown
        const moved = found.map((each) => ({ ...each, end: each.end + grown }))
        show(moved.filter((each) => typed(each) && each.value.toLowerCase().startsWith(typed(each))))
    }

    function typed(suggestion) {
        return [...textarea.value.slice(0, textarea.selectionStart)].slice(suggestion.start).join("").toLowerCase()
    }

    // Whoever has gone to one of those that are offered stays there, also as the server answers.
    function show(suggestions) {
        const chosen = found[active]?.value
        found = suggestions
        if (!found.length) return close()
        open(textarea.selectionStart)
        choose(chosen === undefined ? -1 : found.findIndex(({ value }) => value === chosen))
    }

    function open(position) {
        list.replaceChildren(...found.map(option))
        list.hidden = false
        textarea.setAttribute("aria-expanded", "true")
        const caret = document.createElement("span")
        backdrop.replaceChildren(textarea.value.slice(0, position), caret, textarea.value.slice(position))
        const width = frame.clientWidth
        list.style.top = `${caret.offsetTop + 24}px`
        list.style.left = `${Math.max(0, Math.min(caret.offsetLeft, width - list.offsetWidth))}px`
    }

    function option(suggestion, index) {
        const item = document.createElement("li")
        item.id = `${list.id}-${index}`
        item.setAttribute("role", "option")
        const value = document.createElement("code"), note = document.createElement("small")
        value.textContent = suggestion.value
        note.textContent = suggestion.label || suggestion.kind
        item.append(value, note)
        item.addEventListener("pointerdown", (event) => { event.preventDefault(); accept(index) })
        return item
    }

    function close() {
        asked++
        ask.cancel()
        found = []
        list.hidden = true
        textarea.setAttribute("aria-expanded", "false")
        choose(-1)
    }

    function move(step) {
        choose((active + step + found.length) % found.length)
    }

    function choose(index) {
        active = index
        for (const [each, item] of [...list.children].entries()) item.setAttribute("aria-selected", each === active)
        if (active < 0) return textarea.removeAttribute("aria-activedescendant")
        list.children[active].scrollIntoView({ block: "nearest" })
        textarea.setAttribute("aria-activedescendant", list.children[active].id)
    }

    function accept(index) {
        const { start, end, value } = found[index]
        const characters = [...textarea.value]
        const needsBlank = !/[(.@]$/.test(value) && characters[end] !== " "
        characters.splice(start, end - start, value + (needsBlank ? " " : ""))
        textarea.value = characters.join("")
        const position = [...characters.join("")].slice(0, start + [...value].length + (needsBlank ? 1 : 0)).join("").length
        textarea.setSelectionRange(position, position)
        close()
        textarea.dispatchEvent(new Event("input", { bubbles: true }))
    }

    const ask = afterQuiet(offer, 120)
    textarea.addEventListener("input", (event) => {
        if (!event.isTrusted && document.activeElement !== textarea) return
        narrow()
        ask()
    })
    textarea.addEventListener("blur", close)
    textarea.addEventListener("keydown", (event) => {
        if (event.key === " " && event.ctrlKey) { event.preventDefault(); offer() }
        if (list.hidden) return
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
        const takes = (event.key === "Enter" && active >= 0) || (event.key === "Tab" && !event.shiftKey)
        if (step) move(step)
        else if (takes) accept(Math.max(active, 0))
        else if (event.key === "Escape") close()
        else return
        event.preventDefault()
        event.stopImmediatePropagation()
    })
    return { isOpen: () => !list.hidden }
}
