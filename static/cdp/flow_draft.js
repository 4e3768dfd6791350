// The draft of a flow: lines have numbers, and a mistake leads to its line.
const draft = document.querySelector("textarea[name=draft]")

function number() {
    const gutter = draft.previousElementSibling
    const n = draft.value.split("\n").length
    gutter.textContent = Array.from({ length: n }, (_, index) => index + 1).join("\n")
}

function scrollerOf(element) {
    for (let each = element.parentElement; each; each = each.parentElement) {
        const scrolls = ["auto", "scroll"].includes(getComputedStyle(each).overflowY)
        if (scrolls && each.scrollHeight > each.clientHeight) return each
    }
    return document.scrollingElement
}

if (draft) {
    const frame = document.createElement("div")
    frame.className = "cdp-numbered"
    const gutter = document.createElement("pre")
    gutter.setAttribute("aria-hidden", "true")
    draft.replaceWith(frame)
    frame.append(gutter, draft)
    draft.wrap = "off"
    draft.addEventListener("input", number)
    number()
}

document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]")
    if (!link || !draft) return
    event.preventDefault()
    const lines = draft.value.split("\n")
    const line = Math.min(Number(link.dataset.line), lines.length)
    const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0)
    draft.setSelectionRange(start, start + lines[line - 1].length)
    draft.focus({ preventScroll: true })
    const style = getComputedStyle(draft)
    const above = parseFloat(style.paddingTop) + (line - 1) * parseFloat(style.lineHeight)
    draft.scrollTop = above - draft.clientHeight / 2
    // What stands fixed above the draft may cover its upper half.
    const where = draft.getBoundingClientRect().top + above - draft.scrollTop
    const scrolling = scrollerOf(draft)
    scrolling.scrollTop += where - window.innerHeight * 0.75
})
