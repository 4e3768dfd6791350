// The bar that filters a list by a condition: Enter asks, a mistake is shown in place before anything is asked.

import { afterQuiet, serverOf } from "./server.js"
import { textEditor } from "./text.js"

function bar(form) {
    const server = serverOf(form, form.dataset.language), textarea = form.querySelector("textarea")
    const text = textEditor(textarea, server)
    if (form.dataset.error) text.show(JSON.parse(form.dataset.error))
    else if (textarea.value.trim()) server.read(textarea.value).then(({ error, doubts }) => text.show(error, doubts))

    const check = afterQuiet(async () => {
        const asked = textarea.value
        const answer = await server.read(asked)
        if (asked === textarea.value && !answer.error) text.show(null, answer.doubts)
    }, 400)

    textarea.addEventListener("input", check)
    textarea.addEventListener("keydown", async (event) => {
        if (event.key !== "Enter" || event.shiftKey) return
        event.preventDefault()
        const answer = await server.read(textarea.value)
        if (answer.error) return text.show(answer.error)
        form.requestSubmit()
    })
}

for (const form of document.querySelectorAll("[data-query-bar]")) bar(form)
