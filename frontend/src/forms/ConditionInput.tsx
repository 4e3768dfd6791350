import { Condition } from "../condition/Condition"
import type { InputProps } from "./Form"

/** A condition, clicked together and written as text. */
export function ConditionInput({ field, value, isDisabled, onChange, onLeave }: InputProps) {
    return (
        <Condition
            language={field.language}
            value={typeof value === "string" ? value : ""}
            label={field.title}
            disabled={isDisabled}
            onInput={onChange}
            onSettled={onLeave}
        />
    )
}
