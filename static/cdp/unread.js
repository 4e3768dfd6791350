// What a browser cannot read (half a date, 31 February, letters in a number) it sends as nothing, even where it does
// not check forms; and nothing may mean "now" or "delete". So it is not sent at all.
document.addEventListener("submit", (event) => {
    const unread = [...event.target.elements].find((input) => input.validity?.badInput)
    if (!unread) return
    event.preventDefault()
    event.stopImmediatePropagation()
    unread.reportValidity()
}, { capture: true })

// What is wrong is shown, though its group is closed or a search has hidden it: no browser speaks of what nobody sees.
document.addEventListener("invalid", ({ target }) => {
    const [field, group] = [target.closest(".cdp-field"), target.closest("details")]
    if (field) field.hidden = false
    if (group) Object.assign(group, { hidden: false, open: true })
}, { capture: true })
