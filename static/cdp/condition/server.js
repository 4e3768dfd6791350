// What the server knows of a language: it alone reads and writes text.

export function serverOf(element, language) {
    const address = `${element.closest("[data-conditions]").dataset.conditions}${language}/`
    return {
        read: (text, options = {}) => post(`${address}read/`, { text, ...options }),
        write: (json) => post(`${address}write/`, { json }),
        complete: (text, position) => post(`${address}complete/`, { text, position }),
        fields: () => ask(`${address}fields/`, { headers: { Accept: "application/json" } }),
    }
}

function post(address, body) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token() }
    return ask(address, { method: "POST", headers, body: JSON.stringify(body) })
}

// By the cookie, which is another one once somebody has signed in again.
const token = () => /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? ""

async function ask(address, options) {
    try {
        return await answerOf(await fetch(address, options))
    } catch {
        return away("The server cannot be reached.")
    }
}

function answerOf(response) {
    if (response.status === 401) return away("You were signed out. Sign in in another window, then go on here.")
    if (response.ok) return response.json()
    if (response.status === 403) return { error: { message: "You may not look at what is asked here.", offset: null } }
    return away(`The server does not answer as it should (${response.status}). Try again.`)
}

const away = (message) => ({ error: { message, offset: null, isAway: true } })

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
