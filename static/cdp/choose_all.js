// A table whose first box chooses all rows; what is done to the chosen needs one.
for (const form of document.querySelectorAll("[data-choose]")) {
    const all = form.querySelector("[data-choose-all]")
    const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")]
    const refresh = () => {
        const n_chosen = boxes.filter((box) => box.checked).length
        all.checked = n_chosen === boxes.length
        all.indeterminate = n_chosen > 0 && !all.checked
        for (const button of form.querySelectorAll("button[name=action]")) button.disabled = n_chosen === 0
    }
    form.addEventListener("change", ({ target }) => {
        if (target === all) for (const box of boxes) box.checked = all.checked
        refresh()
    })
    refresh()
}
