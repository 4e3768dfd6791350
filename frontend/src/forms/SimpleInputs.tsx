// Inputs of one value.

import { useState } from "react"
import type { InputProps } from "./Form"

export function TextInput({ id, field, value, isDisabled, describedBy, isWrong, onChange }: InputProps) {
    const shared = {
        id,
        value: typeof value === "string" ? value : typeof field.default === "string" ? field.default : "",
        disabled: isDisabled,
        required: field.isRequired,
        maxLength: field.maxLength,
        "aria-describedby": describedBy,
        "aria-invalid": isWrong,
        spellCheck: field.widget === "long_text",
    }
    if (field.widget === "long_text") {
        return <textarea {...shared} rows={5} onChange={(event) => onChange(event.target.value)} />
    }
    const type = field.format === "time" ? "time" : "text"
    return <input {...shared} type={type} onChange={(event) => onChange(event.target.value)} />
}

/** A name by which other parts know it: it changes once it is typed, and not with each letter. */
export function NameInput({ id, field, value, isDisabled, describedBy, isWrong, onChange }: InputProps) {
    const said = typeof value === "string" ? value : ""
    const [typed, setTyped] = useState<string | null>(null)
    const take = () => {
        if (typed !== null && typed !== said) onChange(typed)
        setTyped(null)
    }
    return (
        <input
            id={id}
            type="text"
            value={typed ?? said}
            disabled={isDisabled}
            required={field.isRequired}
            maxLength={field.maxLength}
            spellCheck={false}
            aria-describedby={describedBy}
            aria-invalid={isWrong}
            onChange={(event) => setTyped(event.target.value)}
            onKeyDown={(event) => event.key === "Enter" && take()}
            onBlur={take}
        />
    )
}

/** What is kept stays on the server: it is never shown, and kept where nothing is typed. */
export function SecretInput({ id, value, isDisabled, describedBy, isWrong, onChange }: InputProps) {
    return (
        <input
            id={id}
            type="password"
            autoComplete="off"
            value={typeof value === "string" ? value : ""}
            disabled={isDisabled}
            aria-describedby={describedBy}
            aria-invalid={isWrong}
            onChange={(event) => onChange(event.target.value)}
        />
    )
}

export function NumberInput({ id, field, value, isDisabled, describedBy, isWrong, onChange }: InputProps) {
    const said = typeof value === "number" ? value : typeof field.default === "number" ? field.default : null
    const [typed, setTyped] = useState<string | null>(null) // as long as it says no number
    return (
        <input
            id={id}
            type="number"
            inputMode={field.isWhole ? "numeric" : "decimal"}
            step={field.isWhole ? 1 : "any"}
            min={field.least}
            max={field.most}
            value={typed ?? (said === null ? "" : String(said))}
            disabled={isDisabled}
            required={field.isRequired}
            aria-describedby={describedBy}
            aria-invalid={isWrong}
            onChange={(event) => {
                const text = event.target.value
                const number = Number(text)
                const isNumber = text.trim() !== "" && Number.isFinite(number)
                setTyped(isNumber && String(number) === text ? null : text)
                if (isNumber) onChange(number)
                else if (!field.isRequired) onChange(undefined)
            }}
            onBlur={() => setTyped(null)}
        />
    )
}

export function SwitchInput({ id, field, value, isDisabled, describedBy, isWrong, onChange }: InputProps) {
    return (
        <input
            id={id}
            type="checkbox"
            checked={typeof value === "boolean" ? value : field.default === true}
            disabled={isDisabled}
            aria-describedby={describedBy}
            aria-invalid={isWrong}
            onChange={(event) => onChange(event.target.checked)}
        />
    )
}

export function ChoiceInput({ id, field, value, isDisabled, describedBy, isWrong, onChange }: InputProps) {
    const said = typeof value === "string" ? value : typeof field.default === "string" ? field.default : ""
    const isKnown = field.choices.some((choice) => choice.value === said)
    return (
        <select
            id={id}
            value={said}
            disabled={isDisabled}
            aria-describedby={describedBy}
            aria-invalid={isWrong}
            onChange={(event) => onChange(event.target.value)}
        >
            {!isKnown && <option value={said}>{said || "Choose …"}</option>}
            {field.choices.map((choice) => (
                <option key={choice.value} value={choice.value}>
                    {choice.label}
                </option>
            ))}
        </select>
    )
}
