// The palette where a node goes: opened by Tab, or by a plus. Type, choose with the arrows, Enter.

import { foundKinds } from "../model/search"
import { useState } from "react"
import { useEditor } from "../store/use_editor"
import { useBoard, useBoardState } from "../canvas/board"
import { add } from "../deeds/adding"
import { Chooser } from "../app/Chooser"
import { Popover } from "../app/Popover"
import { Told, useOffered } from "./Palette"
import { Sign } from "./Sign"

export function PalettePopover() {
    const { store } = useEditor()
    const board = useBoard()
    const adding = useBoardState((state) => state.adding)
    const kinds = useOffered()
    const [wanted, setWanted] = useState("")
    if (!adding) return null
    const close = () => {
        setWanted("")
        board.close()
    }
    // In the middle of an edge nothing fits from which nothing leads on.
    const fitting = adding.place.is === "edge" ? kinds.filter((kind) => !kind.is_end) : kinds
    return (
        <Popover point={adding.point} label="Add a node" onClose={close}>
            <Chooser
                label="Find a node"
                wanted={wanted}
                onWanted={setWanted}
                items={foundKinds(wanted, fitting)}
                keyOf={(kind) => kind.key}
                onChoose={(kind) => {
                    close()
                    add({ store, board }, kind.key, adding.place)
                }}
                show={(kind) => (
                    <>
                        <Sign group={kind.group} kind={kind.key} /> {kind.title}
                    </>
                )}
                tell={(kind) => <Told kind={kind} />}
            />
        </Popover>
    )
}
