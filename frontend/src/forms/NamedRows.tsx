// Values by their names: a row each.

import { useState } from "react"
import type { Json, JsonObject } from "../model/json"
import { useAdded } from "./use_added"

type Row = readonly [name: string, typed: string]

interface Props {
    readonly title: string
    readonly value: JsonObject
    /** What a value is typed as, and what is typed means: the other way round. */
    readonly write: (value: Json | undefined) => string
    readonly read: (typed: string) => Json
    readonly isDisabled?: boolean
    readonly isWrong?: (name: string) => boolean
    readonly onChange: (value: JsonObject) => void
}

/** Names are typed letter by letter: a row may have none yet, or that of another one, and is not kept as long. */
export function NamedRows({ title, value, write, read, isDisabled = false, isWrong, onChange }: Props) {
    const [list, added] = useAdded<HTMLDivElement>("row")
    const [typed, setTyped] = useState<readonly Row[] | null>(null)
    const said = Object.entries(value).map(([name, each]): Row => [name, write(each)])
    // What was typed is shown for as long as it says what is kept: somebody may have undone it.
    const rows = typed && agrees(typed.map(([name, text]): Row => [name, write(read(text))]), said) ? typed : said
    const set = (next: readonly Row[]) => {
        setTyped(next)
        onChange(Object.fromEntries(named(next).map(([name, text]) => [name, read(text)])))
    }
    return (
        <div ref={list} className="rows">
            {rows.map(([name, text], at) => (
                <div className="row" key={at}>
                    <input
                        type="text"
                        aria-label={`${title}: name ${at + 1}`}
                        spellCheck={false}
                        value={name}
                        disabled={isDisabled}
                        onChange={(event) => set(rows.with(at, [event.target.value, text]))}
                    />
                    <input
                        type="text"
                        aria-label={`${title}: value of ${name || at + 1}`}
                        aria-invalid={isWrong?.(name)}
                        spellCheck={false}
                        value={text}
                        disabled={isDisabled}
                        onChange={(event) => set(rows.with(at, [name, event.target.value]))}
                    />
                    <button
                        type="button"
                        aria-label={`Remove ${name || at + 1}`}
                        disabled={isDisabled}
                        onClick={() => set(rows.toSpliced(at, 1))}
                    >
                        ×
                    </button>
                </div>
            ))}
            <button
                type="button"
                disabled={isDisabled}
                onClick={() => {
                    added()
                    setTyped([...rows, ["", ""]])
                }}
            >
                Add
            </button>
        </div>
    )
}

function named(rows: readonly Row[]): readonly Row[] {
    return rows.filter(([name]) => name !== "")
}

function agrees(typed: readonly Row[], said: readonly Row[]): boolean {
    const one = new Map(named(typed))
    return one.size === said.length && said.every(([name, text]) => one.get(name) === text)
}
