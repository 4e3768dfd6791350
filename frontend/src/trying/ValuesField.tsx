// Values by their names, such as an event's properties: any JSON each.

import { useId } from "react"
import { NamedRows } from "../forms/NamedRows"
import { readTyped, typedOf } from "../forms/templates"
import type { JsonObject } from "../model/json"

interface Props {
    readonly label: string
    readonly help?: string
    readonly value: JsonObject
    readonly onChange: (value: JsonObject) => void
}

export function ValuesField({ label, help, value, onChange }: Props) {
    const helpId = useId()
    return (
        <fieldset className="field" aria-describedby={help && helpId}>
            <legend>{label}</legend>
            <NamedRows title={label} value={value} write={typedOf} read={readTyped} onChange={onChange} />
            {help && (
                <p id={helpId} className="help">
                    {help}
                </p>
            )}
        </fieldset>
    )
}
