// Whoever was signed out meanwhile loses nothing that they typed: the form stays, and they sign in beside it.
const signedIn = new URL(document.currentScript.src).searchParams.get("signed-in")

// The browser sends the form right after the event, so the answer is waited for; it takes milliseconds.
function ask() {
    const request = new XMLHttpRequest()
    try {
        request.open("GET", signedIn, false)
        request.send()
        return request.status === 200 ? JSON.parse(request.responseText) : {}
    } catch {
        return {}
    }
}

function tell(heading, text, link) {
    const dialog = document.createElement("dialog")
    dialog.className = "cdp-dialog"
    const title = document.createElement("h2")
    title.textContent = heading
    const said = document.createElement("p")
    said.textContent = text
    const buttons = document.createElement("form")
    buttons.method = "dialog"
    if (link) buttons.append(link)
    const close = document.createElement("button")
    close.className = "cdp-button"
    close.textContent = "Back to the form"
    buttons.append(close)
    dialog.append(title, said, buttons)
    dialog.addEventListener("close", () => dialog.remove())
    document.body.append(dialog)
    dialog.showModal()
}

function askToSignIn(login) {
    const link = document.createElement("a")
    link.href = login
    link.target = "_blank"
    link.className = "cdp-link"
    link.textContent = "Sign in in another window"
    tell("You were signed out.", "Nothing of the form is lost. Sign in again, come back, and go on.", link)
}

// A part of the page that asks for itself, as a preview.
document.addEventListener("htmx:responseError", ({ detail }) => {
    if (detail.xhr.status !== 401 || document.querySelector(".cdp-dialog")) return
    const { login } = ask()
    if (login) askToSignIn(login)
})

document.addEventListener("submit", (event) => {
    const form = event.target
    if (form.getAttribute("method")?.toLowerCase() !== "post" || document.body.classList.contains("login")) return
    const { token, login } = ask()
    if (token) {
        // Signing in changed the token that proves where a form comes from.
        for (const input of form.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = token
        return
    }
    event.preventDefault()
    event.stopImmediatePropagation()
    if (login) {
        askToSignIn(login)
    } else {
        tell("The server does not answer.", "Nothing of the form is lost. Try again in a moment.")
    }
}, { capture: true })
