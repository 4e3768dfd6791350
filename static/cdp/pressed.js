// What a part of the page has asked for by the clock is not heard while something is pressed, nor while the page is left:
// the click would be lost, as what it began on is gone when it ends, or the page that it leads to. It asks again.
const LEAVING_MS = 10_000 // a page may become a download, and stay
let leftAt = -Infinity

addEventListener("beforeunload", () => { leftAt = performance.now() })

document.addEventListener("htmx:beforeOnLoad", (event) => {
    const asksAnew = event.detail.elt.getAttribute("hx-trigger")?.includes("every ")
    const isBusy = document.querySelector(":active") || performance.now() - leftAt < LEAVING_MS
    if (asksAnew && isBusy) event.preventDefault()
})
