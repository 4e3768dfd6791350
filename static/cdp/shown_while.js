// Fields that are there only while others have some value: all else is hidden, and what was typed into it is not read.
const valueOf = (name) => {
    const places = document.getElementsByName(name)
    const ticked = [...places].find((place) => place.type === "checkbox" || place.type === "radio")
    if (!ticked) return places[0]?.value
    return ticked.type === "checkbox" ? ticked.checked : [...places].find((place) => place.checked)?.value
}
// [name, value, other]: while one has this value, it takes that the other is filled in.
const lacks = ({ dataset: { hiddenWithout } }) => {
    const [name, value, other] = JSON.parse(hiddenWithout ?? "[]")
    return Boolean(name) && valueOf(name) === value && !valueOf(other)
}
const show = () => {
    for (const place of document.querySelectorAll("[data-shown-while]")) {
        const conditions = JSON.parse(place.dataset.shownWhile)
        const row = place.closest(".field-row, .form-row")
        if (row) row.hidden = lacks(place) || !conditions.every(([name, values]) => values.includes(valueOf(name)))
    }
    // A heading of nothing goes, too.
    for (const set of document.querySelectorAll("fieldset:has([data-shown-while])")) {
        set.hidden = [...set.querySelectorAll(".field-row, .form-row")].every((row) => row.hidden)
    }
}
document.addEventListener("change", show)
document.addEventListener("DOMContentLoaded", show)
