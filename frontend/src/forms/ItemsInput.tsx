import { isList, isObject, type JsonObject } from "../model/json"
import { Form, within, type InputProps } from "./Form"
import { blank } from "./schema"
import { useAdded } from "./use_added"
import { useRowKeys } from "./use_row_keys"

/** A list of parts, each with a form of its own. */
export function ItemsInput({ field, value, isDisabled, problems, onChange, onLeave }: InputProps) {
    const { items } = field
    const [list, added] = useAdded<HTMLDivElement>("item")
    const rows = useRowKeys()
    const said = isList(value) ? value : isList(field.default) ? field.default : []
    const parts = said.map((each): JsonObject => (isObject(each) ? each : {}))
    const isFull = field.maxItems !== undefined && parts.length >= field.maxItems
    const keys = rows.of(parts.length)
    if (!items) return null
    const moved = (at: number, by: 1 | -1) => {
        const [one, other] = [parts[at], parts[at + by]]
        if (!one || !other) return
        rows.swapped(at, at + by)
        onChange(parts.map((part, nth) => (nth === at ? other : nth === at + by ? one : part)))
    }
    return (
        <div ref={list} className="items">
            {parts.map((part, at) => (
                <div className="item" key={keys[at]} role="group" aria-label={`${field.title} ${at + 1}`}>
                    <div className="row item-tools">
                        <span className="item-number">{at + 1}</span>
                        <button type="button" aria-label={`Move ${at + 1} up`} disabled={isDisabled || at === 0} onClick={() => moved(at, -1)}>
                            ↑
                        </button>
                        <button
                            type="button"
                            aria-label={`Move ${at + 1} down`}
                            disabled={isDisabled || at === parts.length - 1}
                            onClick={() => moved(at, 1)}
                        >
                            ↓
                        </button>
                        <button
                            type="button"
                            aria-label={`Remove ${at + 1}`}
                            disabled={isDisabled}
                            onClick={() => {
                                rows.removed(at)
                                onChange(parts.filter((_, nth) => nth !== at))
                            }}
                        >
                            ×
                        </button>
                    </div>
                    <Form
                        schema={items}
                        value={part}
                        problems={within(problems, String(at))}
                        isDisabled={isDisabled}
                        onChange={(next, path) => onChange(parts.map((each, nth) => (nth === at ? next : each)), `${at}.${path}`)}
                        onLeave={onLeave}
                    />
                </div>
            ))}
            <button
                type="button"
                disabled={isDisabled || isFull}
                onClick={() => {
                    added()
                    onChange([...parts, blank(items)])
                }}
            >
                Add
            </button>
        </div>
    )
}
