// What is usual is one click away: a button writes its text into the input beside it, a choice sets that of other fields.
document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-usual-text]")
    if (!button) return
    const input = button.closest(".cdp-usual").querySelector("input")
    input.value = button.dataset.usualText
    input.dispatchEvent(new Event("change", { bubbles: true }))
})

document.addEventListener("change", ({ target }) => {
    const usual = JSON.parse(target.dataset?.usual ?? "{}")
    for (const [name, value] of Object.entries(usual)) {
        for (const field of target.form.querySelectorAll(`[name="${name}"]`)) {
            if (field.type === "radio") field.checked = field.value === value
            else field.placeholder = value
        }
    }
})
