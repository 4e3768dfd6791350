import { useEffect, useRef } from "react"
import type { Command } from "./commands/command"
import { written } from "./keys"
import { useOffice } from "./office"

interface Props {
    readonly label: string
    readonly commands: readonly Command[]
    readonly onClose: () => void
}

/** A menu of commands, with their keys: arrows choose, Enter does. */
export function CommandMenu({ label, commands, onClose }: Props) {
    const office = useOffice()
    const list = useRef<HTMLDivElement>(null)
    useEffect(() => list.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus(), [])
    const step = (by: number) => {
        const items = [...(list.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])]
        const at = items.findIndex((item) => item === document.activeElement)
        items[(at + by + items.length) % items.length]?.focus()
    }
    return (
        <div
            ref={list}
            className="menu"
            role="menu"
            aria-label={label}
            onKeyDown={(event) => {
                const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
                if (event.key === "Tab") onClose()
                else if (by !== undefined) step(by)
                else return
                event.preventDefault()
            }}
        >
            {commands.map((command) => (
                <button
                    key={command.id}
                    type="button"
                    role="menuitem"
                    tabIndex={-1}
                    onClick={() => {
                        onClose()
                        command.run(office)
                    }}
                >
                    <span>{command.title}</span>
                    {command.keys[0] !== undefined && <kbd>{written(command.keys[0])}</kbd>}
                </button>
            ))}
            {!commands.length && <p>Nothing can be done here now.</p>}
        </div>
    )
}
