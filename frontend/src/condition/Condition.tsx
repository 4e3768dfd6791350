// The builder of conditions that the admin's forms have, as an input of the editor: static/cdp/condition/element.js.
// Give it a key of what it belongs to: what was clicked last is told a moment later, even when it has gone by then.

import { createElement, useEffect, useRef } from "react"
import type { ConditionLanguage } from "../forms/schema"
import { useEditor } from "../store/use_editor"

interface ConditionElement extends HTMLElement {
    readonly isBehind?: boolean
    readonly isIncomplete?: boolean
}

interface Props {
    readonly language: ConditionLanguage
    readonly value: string
    readonly label: string
    readonly disabled: boolean
    /** The text is another one; it may be wrong. */
    readonly onInput: (text: string) => void
    /** The server has read the text, and found nothing wrong with it. */
    readonly onSettled: (text: string) => void
}

/** Whether somewhere a condition was clicked together that the server has not written as text yet. */
export function isConditionBehind(): boolean {
    return [...document.querySelectorAll("cdp-condition")].some((each) => (each as ConditionElement).isBehind)
}

export function Condition({ language, value, label, disabled, onInput, onSettled }: Props) {
    const { store } = useEditor()
    const place = useRef<HTMLElement>(null)
    const told = useRef({ onInput, onSettled })
    useEffect(() => {
        told.current = { onInput, onSettled }
    })
    const listen = useRef((event: Event) => {
        const { value: text } = (event as CustomEvent<{ value: string }>).detail
        if (event.type === "input") told.current.onInput(text)
        else told.current.onSettled(text)
    })
    useEffect(() => {
        // They are not taken away again, and adding them once more changes nothing.
        place.current?.addEventListener("input", listen.current)
        place.current?.addEventListener("change", listen.current)
    }, [])
    useEffect(() => {
        const element = place.current as ConditionElement | null
        return () => {
            if (element?.isIncomplete) store.refuse(`${label}: a row was not filled in, and is not part of it.`)
        }
    }, [store, label])
    return createElement("cdp-condition", { ref: place, class: "nokey", language, value, label, disabled })
}
