// Something that operators have named: typed, or chosen from those that there are.

import { useEffect, useId, useState } from "react"
import type { Names } from "../server/names"
import { useEditor } from "../store/use_editor"
import type { InputProps } from "./Form"

export function ReferenceInput({ id, field, value, isDisabled, describedBy, isWrong, onChange }: InputProps) {
    const said = typeof value === "string" ? value : typeof field.default === "string" ? field.default : ""
    return (
        <Reference
            id={id}
            to={field.reference}
            connectionKind={field.connectionKind}
            value={said}
            isDisabled={isDisabled}
            describedBy={describedBy}
            isWrong={isWrong}
            onChange={onChange}
        />
    )
}

interface Props {
    readonly id?: string
    readonly label?: string
    /** event_type, segment, connection, flow, consent; empty: it is a text of its own. */
    readonly to: string
    readonly connectionKind: string
    readonly value: string
    readonly isDisabled: boolean
    readonly describedBy?: string | undefined
    readonly isWrong: boolean
    readonly onChange: (value: string) => void
}

export function Reference({ id, label, to, connectionKind, value, isDisabled, describedBy, isWrong, onChange }: Props) {
    const list = useId()
    const options = useOptions(to, connectionKind)
    const known = options.find((option) => option.key === value)
    return (
        <>
            <input
                id={id}
                type="text"
                aria-label={label}
                list={list}
                autoComplete="off"
                spellCheck={false}
                value={value}
                disabled={isDisabled}
                aria-describedby={describedBy}
                aria-invalid={isWrong}
                onChange={(event) => onChange(event.target.value)}
            />
            <datalist id={list}>
                {options.map((option) => (
                    <option key={option.key} value={option.key}>
                        {option.name}
                    </option>
                ))}
            </datalist>
            {known && known.name !== known.key && <output className="help">{known.name}</output>}
        </>
    )
}

interface Option {
    readonly key: string
    readonly name: string
}

function useOptions(to: string, connectionKind: string): readonly Option[] {
    const { names } = useEditor()
    const [found, setFound] = useState<readonly Option[]>([])
    useEffect(() => {
        let isGone = false
        if (to) {
            names.names().then(
                (all) => !isGone && setFound(optionsOf(all, to, connectionKind)),
                () => {}, // it can be typed as well
            )
        }
        return () => {
            isGone = true
        }
    }, [names, to, connectionKind])
    return found
}

function optionsOf(names: Names, to: string, connectionKind: string): readonly Option[] {
    switch (to) {
        case "event_type":
            return names.event_types
        case "segment":
            return names.segments
        case "consent":
            return names.consents
        case "flow":
            return names.flows
        case "connection":
            return names.connections
                .filter(({ kind }) => !connectionKind || kind === connectionKind)
                .map(({ name, kind, is_enabled }) => ({ key: name, name: `${name}: ${kind}${is_enabled ? "" : ", off"}` }))
        default:
            return []
    }
}
