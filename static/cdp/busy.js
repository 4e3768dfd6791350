// A button that says what it does, while the next page is on its way: data-busy has the words.
document.addEventListener("submit", ({ submitter }) => {
    if (!submitter?.dataset.busy) return
    submitter.dataset.said = submitter.textContent
    submitter.textContent = submitter.dataset.busy
    submitter.setAttribute("aria-busy", "true")
    setTimeout(() => { for (const button of submitter.form.querySelectorAll("button")) button.disabled = true }) // it is sent by now
})
// Whoever goes back finds it as it was.
addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return
    for (const button of document.querySelectorAll("button[data-said]")) {
        button.textContent = button.dataset.said
        button.removeAttribute("aria-busy")
        for (const other of button.form.querySelectorAll("button")) other.disabled = false
    }
})
