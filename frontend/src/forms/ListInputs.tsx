// Lists of texts, and texts by their names: a row each.

import { isList, isObject } from "../model/json"
import type { InputProps } from "./Form"
import { NamedRows } from "./NamedRows"
import { Reference } from "./ReferenceInput"
import { useAdded } from "./use_added"

export function TextsInput({ field, value, isDisabled, problems, onChange }: InputProps) {
    const [list, added] = useAdded<HTMLDivElement>("row")
    const said = isList(value) ? value : isList(field.default) ? field.default : []
    const texts = said.map((each) => (typeof each === "string" ? each : JSON.stringify(each)))
    const set = (at: number, text: string) => onChange(texts.map((each, nth) => (nth === at ? text : each)), String(at))
    const isFull = field.maxItems !== undefined && texts.length >= field.maxItems
    return (
        <div ref={list} className="rows">
            {texts.map((each, at) => (
                // A row has no name but its place.
                <div className="row" key={at}>
                    <Reference
                        label={`${field.title}: ${at + 1}`}
                        to={field.reference}
                        connectionKind=""
                        value={each}
                        isDisabled={isDisabled}
                        isWrong={problems.some(({ path }) => path === String(at))}
                        onChange={(text) => set(at, text)}
                    />
                    <button
                        type="button"
                        aria-label={`Remove ${each || at + 1}`}
                        disabled={isDisabled}
                        onClick={() => onChange(texts.filter((_, nth) => nth !== at))}
                    >
                        ×
                    </button>
                </div>
            ))}
            <button
                type="button"
                disabled={isDisabled || isFull}
                onClick={() => {
                    added()
                    onChange([...texts, ""])
                }}
            >
                Add
            </button>
        </div>
    )
}

export function MappingInput({ field, value, isDisabled, problems, onChange }: InputProps) {
    const said = value ?? field.default
    return (
        <NamedRows
            title={field.title}
            value={isObject(said) ? said : {}}
            write={(each) => (typeof each === "string" ? each : JSON.stringify(each))}
            read={(typed) => typed}
            isDisabled={isDisabled}
            isWrong={(name) => problems.some(({ path }) => path === name)}
            onChange={onChange}
        />
    )
}
