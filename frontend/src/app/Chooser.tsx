import { useId, useState, useEffect, useRef, type ReactNode } from "react"

interface Props<T> {
    readonly label: string
    readonly wanted: string
    readonly onWanted: (wanted: string) => void
    /** What is found, the best first. */
    readonly items: readonly T[]
    readonly keyOf: (item: T) => string
    readonly onChoose: (item: T) => void
    readonly show: (item: T) => ReactNode
    /** More of the one that is chosen now. */
    readonly tell?: (item: T) => ReactNode
    /** Why one cannot be chosen; empty where it can. */
    readonly refusalOf?: (item: T) => string
}

/** A field and a list of what it finds: arrows choose, Enter takes. */
export function Chooser<T>(props: Props<T>) {
    const { label, wanted, onWanted, items, keyOf, onChoose, show, tell, refusalOf } = props
    const id = useId()
    const [at, setAt] = useState(0)
    const list = useRef<HTMLUListElement>(null)
    const field = useRef<HTMLInputElement>(null)
    const chosen = items[Math.min(at, items.length - 1)]
    const place = chosen === undefined ? -1 : items.indexOf(chosen)
    useEffect(() => field.current?.focus(), [])
    useEffect(() => {
        list.current?.children[place]?.scrollIntoView({ block: "nearest" })
    }, [place, items])
    const choose = (item: T) => {
        if (!refusalOf?.(item)) onChoose(item)
    }
    return (
        <div className="chooser">
            <input
                ref={field}
                data-first
                role="combobox"
                aria-label={label}
                aria-expanded="true"
                aria-controls={id}
                aria-activedescendant={chosen === undefined ? undefined : `${id}-${place}`}
                autoComplete="off"
                placeholder={label}
                value={wanted}
                onChange={(event) => {
                    setAt(0)
                    onWanted(event.target.value)
                }}
                onKeyDown={(event) => {
                    const n = items.length
                    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
                    if (step !== undefined && n) setAt((place + step + n) % n)
                    else if (event.key === "Enter" && chosen !== undefined) choose(chosen)
                    else return
                    event.preventDefault()
                }}
            />
            <ul ref={list} id={id} role="listbox" aria-label={label}>
                {items.map((item, number) => {
                    const refusal = refusalOf?.(item) ?? ""
                    return (
                        <li
                            key={keyOf(item)}
                            id={`${id}-${number}`}
                            role="option"
                            aria-selected={number === place}
                            aria-disabled={refusal !== "" || undefined}
                            onPointerMove={() => setAt(number)}
                            onClick={() => choose(item)}
                        >
                            {show(item)}
                            {refusal && <small>{refusal}</small>}
                        </li>
                    )
                })}
            </ul>
            {!items.length && <p role="status">Nothing is found.</p>}
            {chosen !== undefined && tell && <div className="chooser-told">{tell(chosen)}</div>}
        </div>
    )
}
