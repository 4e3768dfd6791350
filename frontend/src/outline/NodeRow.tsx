import { memo, type MouseEvent } from "react"
import { useBoard, useBoardState, type Point } from "../canvas/board"
import { NameField } from "../canvas/NameField"
import { disconnect } from "../deeds/connecting"
import { goTo } from "../deeds/desk"
import { toggle } from "../deeds/stepping"
import { edgeKey, nodeOf } from "../model/definition"
import type { Item, PortTold } from "../model/outline"
import { Sign } from "../palette/Sign"
import type { Badge } from "../store/editor_store"
import { shownOf, useEditor, useEditorState, useIsEditable } from "../store/use_editor"

interface Props {
    readonly item: Item
    readonly number: number
    readonly isSelected: boolean
    readonly isCurrent: boolean
}

const NO_BADGES: readonly Badge[] = []

export function rowElementId(id: string): string {
    return `row-${id}`
}

/** One node: what it is, what is wrong with it, and where each of its ports leads. */
export const NodeRow = memo(function NodeRow({ item, number, isSelected, isCurrent }: Props) {
    const { store } = useEditor()
    const board = useBoard()
    const summary = useEditorState((state) => state.summaries.get(item.id)) ?? ""
    const badges = useEditorState((state) => state.badges.get(item.id)) ?? NO_BADGES
    const isNamed = useBoardState(({ renaming }) => renaming?.of === "node" && renaming.id === item.id)
    const group = store.state.kinds.of(item.kind)?.group ?? ""
    const told = [item.label, summary, ...badges.map(({ title }) => title), ...item.ports.map(({ text }) => text)]
    const choose = (event: MouseEvent) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) {
            board.set({ current: item.id })
            toggle({ store, board })
        } else goTo({ store, board }, item.id)
    }
    return (
        <div
            id={rowElementId(item.id)}
            className="outline-row"
            role="row"
            aria-rowindex={number}
            aria-selected={isSelected}
            aria-label={told.filter(Boolean).join("; ")}
            data-current={isCurrent || undefined}
            data-group={group}
            data-disabled={item.isDisabled || undefined}
            onClick={choose}
            onDoubleClick={() => document.getElementById("inspector")?.focus()}
        >
            <span role="gridcell" className="outline-step" title={item.position}>
                {item.step ?? "–"}
            </span>
            <div role="gridcell" className="outline-name">
                <Sign group={group} kind={item.kind} />
                {isNamed ? (
                    <NameField thing={{ of: "node", id: item.id }} text={nodeOf(store.state.definition, item.id)?.name ?? ""} />
                ) : (
                    <strong>{item.title}</strong>
                )}
                {item.title !== item.kindTitle && <span className="outline-kind">{item.kindTitle}</span>}
                <Marks item={item} badges={badges} />
                {summary && <p className="help">{summary}</p>}
            </div>
            <div role="gridcell" className="outline-ports">
                <ul>
                    {item.ports.map((port) => (
                        <PortLine key={port.port} item={item} port={port} />
                    ))}
                </ul>
            </div>
            <span role="gridcell">
                <More id={item.id} />
            </span>
        </div>
    )
})

function Marks({ item, badges }: { readonly item: Item; readonly badges: readonly Badge[] }) {
    return (
        <>
            {item.isDisabled && <span className="outline-mark">disabled</span>}
            {item.group !== null && <span className="outline-mark">in {item.group}</span>}
            {badges.map(({ text, title, tone }) => (
                <span key={title} className="outline-mark" data-tone={tone} title={title}>
                    {text}
                </span>
            ))}
            {item.problems.map(({ problem }) => (
                <p key={problem.message} className={problem.is_warning ? "warning" : "danger"}>
                    {problem.message}
                </p>
            ))}
        </>
    )
}

interface PortProps {
    readonly item: Item
    readonly port: PortTold
}

function PortLine({ item, port: { port, to } }: PortProps) {
    const { store } = useEditor()
    const board = useBoard()
    const isCurrent = useBoardState((state) => state.current === item.id && state.port === port)
    const isEditable = useIsEditable()
    const node = nodeOf(shownOf(store.state), item.id)
    const label = store.state.kinds.portLabelOf(node, port)
    const figure = useEditorState((state) => to.map(({ id }) => state.edgeLabels.get(`${item.id}.${port} -> ${id}`)?.text ?? "").join(" "))
    return (
        <li data-current={isCurrent || undefined}>
            <span className="outline-port">{label}</span>
            {!to.length && <span className="help">ends here</span>}
            {to.map(({ id, title }) => (
                <span key={id} className="outline-way">
                    <button type="button" tabIndex={-1} onClick={act(() => goTo({ store, board }, id, item.id))}>
                        → {title}
                    </button>
                    {isEditable && (
                        <button
                            type="button"
                            tabIndex={-1}
                            className="outline-small"
                            aria-label={`Delete the connection ${label} to ${title}`}
                            title="Delete the connection"
                            onClick={act(() => disconnect({ store, board }, new Set([edgeKey({ from: item.id, port, to: id })])))}
                        >
                            ×
                        </button>
                    )}
                </span>
            ))}
            {figure.trim() && <span className="outline-mark">{figure}</span>}
            {isEditable && (
                <button
                    type="button"
                    tabIndex={-1}
                    className="outline-small"
                    aria-label={`Add a node behind ${label} of ${item.title}`}
                    title={`Add a node behind ${label}`}
                    onClick={act((point) => board.set({ adding: { place: { is: "behind", id: item.id, port }, point } }))}
                >
                    +
                </button>
            )}
        </li>
    )
}

function More({ id }: { readonly id: string }) {
    const { store } = useEditor()
    const board = useBoard()
    const open = (point: Point) => {
        if (!store.state.selection.nodes.has(id)) goTo({ store, board }, id)
        board.set({ current: id, menu: point })
    }
    return (
        <button type="button" tabIndex={-1} className="outline-small" aria-haspopup="menu" aria-label="Menu" onClick={act(open)}>
            ⋯
        </button>
    )
}

/** Do something below the button that was clicked; the row is not clicked with it. */
function act(run: (point: Point) => void) {
    return (event: MouseEvent) => {
        event.stopPropagation()
        const { left, bottom } = event.currentTarget.getBoundingClientRect()
        run({ x: left, y: bottom })
    }
}
