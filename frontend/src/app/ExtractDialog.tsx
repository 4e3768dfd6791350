import { useState, type FormEvent } from "react"
import { useBoard } from "../canvas/board"
import { chosen, countedBoth } from "../deeds/desk"
import { extract, keyOf, losing } from "../deeds/extracting"
import { titleOf } from "../model/kinds"
import { Refused } from "../server/api"
import { useEditor } from "../store/use_editor"
import { Dialog } from "./Dialog"

/** Asks what a part of the flow is called that becomes a flow of its own. */
export function ExtractDialog() {
    const { api, boot, store } = useEditor()
    const board = useBoard()
    const desk = { store, board }
    const [all] = useState(() => chosen(desk))
    const [name, setName] = useState("")
    const [ownKey, setOwnKey] = useState<string | null>(null)
    const [error, setError] = useState("")
    const [isAsking, setAsking] = useState(false)
    const key = ownKey ?? keyOf(name)
    const lost = losing(desk, all)
    const make = async (event: FormEvent) => {
        event.preventDefault()
        setAsking(true)
        try {
            await extract(desk, all, { key, name: name.trim() }, { api, boot })
            board.close()
        } catch (failure) {
            setError(failure instanceof Refused ? failure.message : "The server cannot be reached.")
            setAsking(false)
        }
    }
    return (
        <Dialog title="Make a sub-flow" onClose={() => board.close()}>
            <form onSubmit={(event) => void make(event)}>
                <p>
                    What is selected ({countedBoth(all.nodes.size, all.notes.size)}) becomes a flow of its own, and one node
                    that calls it takes its place here. People go on as before once that flow is published and switched on: do
                    that first.
                </p>
                <div className="field">
                    <label htmlFor="flow-name">Name</label>
                    <input
                        id="flow-name"
                        type="text"
                        data-first
                        required
                        maxLength={120}
                        value={name}
                        onChange={({ target }) => setName(target.value)}
                    />
                </div>
                <div className="field">
                    <label htmlFor="flow-key">Key</label>
                    <input
                        id="flow-key"
                        type="text"
                        required
                        maxLength={100}
                        pattern="[\-a-z0-9_]+"
                        value={key}
                        aria-describedby="flow-key-help"
                        onChange={({ target }) => setOwnKey(target.value)}
                    />
                    <p id="flow-key-help" className="help">
                        By it other flows call it. It stays as it is.
                    </p>
                </div>
                {lost.length > 0 && (
                    <p className="warning">
                        A sub-flow has neither the event that began the run nor its memory. These read them, and would find
                        nothing there: {lost.map((node) => titleOf(node, store.state.kinds)).join(", ")}.
                    </p>
                )}
                {error && (
                    <p className="danger" role="alert">
                        {error}
                    </p>
                )}
                <footer className="row">
                    <button type="submit" className="main" disabled={isAsking || !name.trim() || !key}>
                        Make it
                    </button>
                    <button type="button" onClick={() => board.close()}>
                        Cancel
                    </button>
                </footer>
            </form>
        </Dialog>
    )
}
