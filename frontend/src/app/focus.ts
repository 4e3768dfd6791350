// Where the focus may be.

const FIELDS = "input, select, textarea"
const FOCUSABLE = `.canvas, ${FIELDS}, button, a[href], summary, [tabindex='0']`

/** Return what can first have the focus in a part of the page. */
export function firstIn(part: Element): HTMLElement | null {
    return [...part.querySelectorAll<HTMLElement>(FOCUSABLE)].find(canHaveIt) ?? null
}

/** Return the first field of a part of a form. */
export function firstFieldIn(part: Element): HTMLElement | null {
    return [...part.querySelectorAll<HTMLElement>(FIELDS)].find(canHaveIt) ?? null
}

function canHaveIt(element: HTMLElement): boolean {
    return element.tabIndex >= 0 && !element.matches(":disabled") && element.checkVisibility()
}
