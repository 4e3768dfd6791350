// A form made of a schema: a node's settings, a trigger, what holds for the whole flow.

import { useId, type ReactNode } from "react"
import { own, same, type Json, type JsonObject } from "../model/json"
import { ConditionInput } from "./ConditionInput"
import { DurationInput } from "./DurationInput"
import { ItemsInput } from "./ItemsInput"
import { MappingInput, TextsInput } from "./ListInputs"
import { ReferenceInput } from "./ReferenceInput"
import { TemplateInput } from "./TemplateInput"
import { fieldsShown, withSetting, type FieldSchema } from "./schema"
import { ChoiceInput, NameInput, NumberInput, SecretInput, SwitchInput, TextInput } from "./SimpleInputs"

/** What is wrong, or may be, by its place within the form: cases.0.port. */
export interface Problem {
    readonly path: string
    readonly message: string
    readonly isWarning: boolean
}

export interface FormProps {
    readonly schema: JsonObject
    readonly value: JsonObject
    readonly problems: readonly Problem[]
    readonly isDisabled: boolean
    /** Called with all settings, and the place of the one that is another. */
    readonly onChange: (value: JsonObject, path: string) => void
    /** The field was left: the gesture of typing into it is over. */
    readonly onLeave: () => void
}

export function Form({ schema, value, problems, isDisabled, onChange, onLeave }: FormProps) {
    return (
        <div className="form" onBlur={onLeave}>
            {fieldsShown(schema, value).map((field) => (
                <Field
                    key={field.name}
                    field={field}
                    value={own(value, field.name)}
                    problems={within(problems, field.name)}
                    isDisabled={isDisabled}
                    onChange={(each, path = "") =>
                        onChange(
                            withSetting(schema, value, field.name, isUnsaid(field, each) ? undefined : each),
                            path ? `${field.name}.${path}` : field.name,
                        )
                    }
                    onLeave={onLeave}
                />
            ))}
        </div>
    )
}

/** Whether a field says what it says anyhow. */
function isUnsaid(field: FieldSchema, value: Json | undefined): boolean {
    return !field.isRequired && same(value ?? null, field.default ?? null)
}

/** Return the problems of a part, by their places within it. */
export function within(problems: readonly Problem[], name: string): readonly Problem[] {
    const inside = problems.filter(({ path }) => path === name || path.startsWith(`${name}.`))
    return inside.map((each) => ({ ...each, path: each.path.slice(name.length + 1) }))
}

export interface InputProps {
    readonly id: string
    readonly field: FieldSchema
    /** Undefined: as its default says. */
    readonly value: Json | undefined
    readonly isDisabled: boolean
    readonly describedBy: string | undefined
    readonly isWrong: boolean
    readonly problems: readonly Problem[]
    readonly onChange: (value: Json | undefined, path?: string) => void
    readonly onLeave: () => void
}

interface FieldProps {
    readonly field: FieldSchema
    readonly value: Json | undefined
    readonly problems: readonly Problem[]
    readonly isDisabled: boolean
    readonly onChange: (value: Json | undefined, path?: string) => void
    readonly onLeave: () => void
}

/** These have inputs of their own for each part: their name is that of a group. */
const IN_GROUPS: readonly FieldSchema["widget"][] = ["items", "texts", "mapping", "condition"]

export function Field({ field, value, problems, isDisabled, onChange, onLeave }: FieldProps) {
    const id = useId()
    const own = problems.filter(({ path }) => path === "" || !IN_GROUPS.includes(field.widget))
    const describedBy = [field.help && `${id}-help`, own.length > 0 && `${id}-problems`].filter(Boolean).join(" ") || undefined
    const isWrong = own.some((each) => !each.isWarning)
    const input = inputOf({ id, field, value, isDisabled, describedBy, isWrong, problems, onChange, onLeave })
    const told = (
        <>
            {field.help && (
                <p id={`${id}-help`} className="help">
                    {field.help}
                </p>
            )}
            {own.length > 0 && (
                <ul id={`${id}-problems`} className="problems-of-field">
                    {own.map((each) => (
                        <li key={each.message} className={each.isWarning ? "warning" : "danger"}>
                            {each.message}
                        </li>
                    ))}
                </ul>
            )}
        </>
    )
    const title = field.isRequired ? `${field.title} *` : field.title
    if (IN_GROUPS.includes(field.widget)) {
        return (
            <fieldset className="field" data-field={field.name} aria-describedby={describedBy}>
                <legend>{title}</legend>
                {input}
                {told}
            </fieldset>
        )
    }
    return (
        <div className={field.widget === "switch" ? "field switch" : "field"} data-field={field.name}>
            <label htmlFor={id}>{title}</label>
            {input}
            {told}
        </div>
    )
}

function inputOf(props: InputProps): ReactNode {
    const { field } = props
    switch (field.widget) {
        case "switch":
            return <SwitchInput {...props} />
        case "choice":
            return <ChoiceInput {...props} />
        case "number":
            return <NumberInput {...props} />
        case "secret":
            return <SecretInput {...props} />
        case "duration":
            return <DurationInput {...props} />
        case "texts":
            return <TextsInput {...props} />
        case "mapping":
            return <MappingInput {...props} />
        case "items":
            return <ItemsInput {...props} />
        case "condition":
            return <ConditionInput {...props} />
        case "reference":
            return <ReferenceInput {...props} />
        case "template":
            return <TemplateInput {...props} />
        case "text":
        case "long_text":
            if (field.format === "port" || field.format === "id") return <NameInput {...props} />
            return field.fills || field.format === "path" ? <TemplateInput {...props} /> : <TextInput {...props} />
    }
}
