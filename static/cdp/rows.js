// Tables of rows in forms: one button adds a row, another removes it.
document.addEventListener("click", (event) => {
    const table = event.target.closest("[data-rows]")
    if (!table) return
    if (event.target.closest("[data-add-row]")) {
        table.tBodies[0].append(table.querySelector("template").content.cloneNode(true))
        table.tBodies[0].lastElementChild.querySelector("input, select").focus()
    } else if (event.target.closest("[data-remove-row]")) {
        event.target.closest("tr").remove()
    }
})
