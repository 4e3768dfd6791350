// A long form: only those fields are shown whose name holds what somebody types; their groups open.
const find = document.querySelector("[data-find-field]")
find.hidden = false
const open = new Map()
find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase()
    for (const group of find.form.querySelectorAll("details")) {
        if (!open.has(group)) open.set(group, group.open)
        let n_shown = 0
        for (const field of group.querySelectorAll(".cdp-field")) {
            const is_shown = field.querySelector("label").textContent.toLowerCase().includes(wanted)
            field.hidden = !is_shown
            n_shown += is_shown
        }
        group.hidden = n_shown === 0
        group.open = wanted ? n_shown > 0 : open.get(group)
    }
    if (!wanted) open.clear()
})
find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault() // it is not yet time to save
})
