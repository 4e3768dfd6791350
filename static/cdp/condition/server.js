// What the server knows of a language: it alone reads and writes text.

export function serverOf(element) {
    const { read, write, complete, fields } = element.dataset
    return {
        read: (text, options = {}) => post(read, { text, ...options }),
        write: (json) => post(write, { json }),
        complete: (text, position) => post(complete, { text, position }),
        fields: async () => answerOf(await fetch(fields, { headers: { Accept: "application/json" } })),
    }
}

async function post(address, body) {
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? ""
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token }
    return answerOf(await fetch(address, { method: "POST", headers, body: JSON.stringify(body) }))
}

async function answerOf(response) {
    if (response.redirected) return { error: { message: "You were signed out. Sign in in another window, then go on here." } }
    if (response.ok) return response.json()
    return { error: { message: `The server does not answer as it should (${response.status}). Try again.` } }
}

// Call at most once in so many milliseconds of quiet; `flush` calls at once what still waits.
export function afterQuiet(action, milliseconds) {
    let timer = null
    const run = () => { timer = null; return action() }
    const later = () => { clearTimeout(timer); timer = setTimeout(run, milliseconds) }
    later.flush = () => {
        if (timer === null) return undefined
        clearTimeout(timer)
        return run()
    }
    later.cancel = () => { clearTimeout(timer); timer = null }
    return later
}
