// A text in which values of the person and the event may stand; what may be typed is offered.

import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react"
import type { Field } from "../server/names"
import { useEditor } from "../store/use_editor"
import type { InputProps } from "./Form"
import { completed, completingAt, foundFields, readTyped, typedOf, type Completing } from "./templates"

export function TemplateInput({ id, field, value, isDisabled, describedBy, isWrong, onChange }: InputProps) {
    const isJson = field.widget === "template"
    const said = value === undefined ? field.default : value
    const kept = isJson ? typedOf(said) : typeof said === "string" ? said : ""
    const [typed, setTyped] = useState<string | null>(null)
    // What was typed is shown for as long as it says what is kept: undo shows what is kept.
    const text = typed !== null && isJson && typedOf(readTyped(typed)) === kept ? typed : kept
    const set = (next: string) => {
        setTyped(next)
        onChange(isJson ? readTyped(next) : next)
    }
    const fills = field.fills || (field.format === "path" ? "value" : isJson ? "value" : "text")
    const isLong = isJson || field.widget === "long_text"
    const completion = useCompletion(text, fills, set)
    const shared = {
        id,
        value: text,
        disabled: isDisabled,
        required: field.isRequired,
        spellCheck: false,
        autoComplete: "off",
        role: "combobox",
        "aria-autocomplete": "list" as const,
        "aria-expanded": completion.isOpen,
        "aria-controls": completion.listId,
        "aria-activedescendant": completion.activeId,
        "aria-describedby": describedBy,
        "aria-invalid": isWrong,
        onKeyDown: completion.onKeyDown,
        onBlur: completion.close,
    }
    return (
        <div className="template">
            {isLong ? (
                <textarea
                    {...shared}
                    ref={completion.ref}
                    rows={isJson ? Math.min(Math.max(text.split("\n").length, 1), 12) : 6}
                    onChange={(event) => {
                        set(event.target.value)
                        completion.look(event.target)
                    }}
                />
            ) : (
                <input
                    {...shared}
                    ref={completion.ref}
                    type="text"
                    maxLength={field.maxLength}
                    onChange={(event) => {
                        set(event.target.value)
                        completion.look(event.target)
                    }}
                />
            )}
            {completion.isOpen && (
                <ul id={completion.listId} role="listbox" aria-label="Fields" className="completions">
                    {completion.found.map((each, at) => (
                        <li
                            key={each.path}
                            id={`${completion.listId}-${at}`}
                            role="option"
                            aria-selected={at === completion.at}
                            onMouseDown={(event) => {
                                event.preventDefault()
                                completion.take(each)
                            }}
                        >
                            <code>{each.path}</code> {each.label}
                        </li>
                    ))}
                </ul>
            )}
        </div>
    )
}

type Input = HTMLInputElement | HTMLTextAreaElement

interface Open {
    readonly completing: Completing
    readonly found: readonly Field[]
    readonly at: number
}

function useCompletion(text: string, fills: string, set: (text: string) => void) {
    const { names } = useEditor()
    const input = useRef<Input | null>(null)
    const caret = useRef<number | null>(null)
    const [fields, setFields] = useState<readonly Field[]>([])
    const [open, setOpen] = useState<Open | null>(null)
    const listId = useId()
    useEffect(() => {
        if (caret.current === null) return
        input.current?.setSelectionRange(caret.current, caret.current)
        caret.current = null
    })
    const look = (element: Input) => {
        if (!fields.length) names.fields().then(setFields, () => {})
        const completing = completingAt(element.value, element.selectionStart ?? 0, fills)
        const found = completing ? foundFields(completing.typed, fields) : []
        setOpen(completing && found.length ? { completing, found, at: 0 } : null)
    }
    const take = (field: Field) => {
        if (!open) return
        const next = completed(text, open.completing, field.path)
        caret.current = next.caret
        setOpen(null)
        set(next.text)
    }
    const onKeyDown = (event: KeyboardEvent<Input>) => {
        if (event.key === " " && event.ctrlKey) {
            event.preventDefault()
            look(event.currentTarget)
            return
        }
        if (!open) return
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
        const active = open.found[open.at]
        if (step) setOpen({ ...open, at: (open.at + step + open.found.length) % open.found.length })
        else if ((event.key === "Enter" || event.key === "Tab") && active) take(active)
        else if (event.key === "Escape") {
            event.stopPropagation()
            setOpen(null)
        } else return
        event.preventDefault()
    }
    return {
        ref: (element: Input | null) => {
            input.current = element
        },
        isOpen: open !== null,
        found: open?.found ?? [],
        at: open?.at ?? 0,
        listId,
        activeId: open ? `${listId}-${open.at}` : undefined,
        look,
        take,
        close: () => setOpen(null),
        onKeyDown,
    }
}
