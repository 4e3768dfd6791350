import { lengthOf, textOfLength, UNITS, type Unit } from "./durations"
import type { InputProps } from "./Form"

/** A length of time: a number and its unit, or, of several units, as text. */
export function DurationInput({ id, field, value, isDisabled, describedBy, isWrong, onChange }: InputProps) {
    const said = typeof value === "string" ? value : typeof field.default === "string" ? field.default : ""
    const length = said === "" ? { amount: Number.NaN, unit: "hours" as Unit } : lengthOf(said)
    if (!length) {
        return (
            <input
                id={id}
                type="text"
                value={said}
                disabled={isDisabled}
                aria-describedby={describedBy}
                aria-invalid={isWrong}
                onChange={(event) => onChange(event.target.value)}
            />
        )
    }
    const isSaid = !Number.isNaN(length.amount)
    return (
        <div className="row">
            <input
                id={id}
                type="number"
                min={0}
                step={1}
                value={isSaid ? length.amount : ""}
                disabled={isDisabled}
                aria-describedby={describedBy}
                aria-invalid={isWrong}
                onChange={(event) => {
                    const { value: typed } = event.target
                    onChange(/^\d+$/.test(typed) ? textOfLength({ ...length, amount: Number(typed) }) : "")
                }}
            />
            <select
                aria-label={`${field.title}: unit`}
                value={length.unit}
                disabled={isDisabled}
                onChange={(event) => {
                    const unit = event.target.value as Unit
                    onChange(textOfLength({ amount: isSaid ? length.amount : 1, unit }))
                }}
            >
                {UNITS.map((unit) => (
                    <option key={unit}>{unit}</option>
                ))}
            </select>
        </div>
    )
}
