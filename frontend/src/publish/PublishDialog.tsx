// Publishing: what changes, who stands where just now, and what is to become of them.

import { useEffect, useState, type FormEvent } from "react"
import { Dialog } from "../app/Dialog"
import type { Problem } from "../model/problems"
import { lookAtServer } from "../saving/keeping_up"
import { Refused } from "../server/api"
import { useEditor } from "../store/use_editor"

interface Publishing {
    readonly revision: number
    readonly version: number | null
    readonly is_same: boolean
    readonly changes: readonly string[]
    readonly problems: readonly Problem[]
    readonly failing: readonly { readonly id: string; readonly name: string; readonly failures: readonly string[] }[]
    readonly inside: readonly {
        readonly version: number
        readonly node: string
        readonly name: string
        readonly n: number
        readonly is_kept: boolean
    }[]
    readonly n_inside: number
    readonly n_lost: number
    readonly choices: readonly { readonly value: string; readonly title: string; readonly help: string }[]
}

interface Props {
    /** The number of the version that is published again; null: the draft is published. */
    readonly version: number | null
    /** What has changed, as somebody has written it: it outlives the dialog, which they may close to look at the draft. */
    readonly note: string
    readonly onNote: (note: string) => void
    readonly onClose: () => void
    readonly onPublished: (number: number) => void
}

export function PublishDialog({ version, note, onNote, onClose, onPublished }: Props) {
    const editor = useEditor()
    const { api } = editor
    const [found, setFound] = useState<Publishing | null>(null)
    const [error, setError] = useState("")
    const [nLooks, setLooks] = useState(0)
    const failed = (failure: unknown) => {
        setError(reasonOf(failure))
        if (!(failure instanceof Refused && failure.code === "changed")) return
        setFound(null)
        setLooks(nLooks + 1)
        void lookAtServer(editor)
    }
    useEffect(() => {
        let isGone = false
        const path = api.ofFlow(version === null ? "publishing" : `publishing?version=${version}`)
        api.ask<Publishing>("GET", path).then(
            (each) => !isGone && setFound(each),
            (failure: unknown) => !isGone && setError(reasonOf(failure)),
        )
        return () => {
            isGone = true
        }
    }, [api, version, nLooks])
    return (
        <Dialog title={version === null ? "Publish the draft" : `Publish version ${version} again`} onClose={onClose}>
            {error && <p className="danger" role="alert">{error}</p>}
            {!found && !error && <p role="status">Looking at who is inside …</p>}
            {found && (
                <Asked
                    found={found}
                    version={version}
                    note={note}
                    onNote={onNote}
                    onPublished={(number) => {
                        onNote("")
                        onPublished(number)
                    }}
                    onError={failed}
                />
            )}
        </Dialog>
    )
}

interface AskedProps extends Omit<Props, "onClose"> {
    readonly found: Publishing
    readonly onError: (error: unknown) => void
}

function Asked({ found, version, note, onNote, onPublished, onError }: AskedProps) {
    const { api } = useEditor()
    const [people, setPeople] = useState(found.n_inside ? "" : (found.choices[0]?.value ?? "finish"))
    const [ignoresCases, setIgnoresCases] = useState(false)
    const [isBusy, setBusy] = useState(false)
    const mistakes = found.problems.filter((each) => !each.is_warning)
    if (mistakes.length) {
        return (
            <>
                <p className="danger">It cannot be published as it is:</p>
                <ul>
                    {mistakes.map((each, at) => (
                        <li key={at}>{each.message}</li>
                    ))}
                </ul>
            </>
        )
    }
    if (found.is_same) return <p>It says what is published already.</p>
    const publish = async (event: FormEvent) => {
        event.preventDefault()
        setBusy(true)
        const body = { people, note, ignores_cases: ignoresCases }
        try {
            const done =
                version === null
                    ? await api.ask<{ number: number }>("POST", api.ofFlow("publish"), { ...body, revision: found.revision })
                    : await api.ask<{ number: number }>("POST", api.ofFlow("roll-back"), { ...body, version })
            onPublished(done.number)
        } catch (failure) {
            onError(failure)
            setBusy(false)
        }
    }
    return (
        <form className="form" onSubmit={(event) => void publish(event)}>
            <section>
                <h3>{found.version === null ? "What is published for the first time" : `What changes after version ${found.version}`}</h3>
                <ul className="changes">
                    {found.changes.map((line) => (
                        <li key={line}>{line}</li>
                    ))}
                </ul>
            </section>
            {found.n_inside > 0 && (
                <>
                    <section>
                        <h3>{found.n_inside === 1 ? "1 is" : `${found.n_inside.toLocaleString()} are`} inside just now</h3>
                        <table>
                            <thead>
                                <tr>
                                    <th scope="col">Where</th>
                                    <th scope="col">Version</th>
                                    <th scope="col">People</th>
                                    <th scope="col">Afterwards</th>
                                </tr>
                            </thead>
                            <tbody>
                                {found.inside.map((each) => (
                                    <tr key={`${each.version} ${each.node}`}>
                                        <td>{each.name}</td>
                                        <td>{each.version}</td>
                                        <td>{each.n.toLocaleString()}</td>
                                        <td>{each.is_kept ? "still there" : "gone"}</td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </section>
                    <fieldset className="field">
                        <legend>What becomes of them *</legend>
                        {found.choices.map((choice) => (
                            <label key={choice.value} className="choice">
                                <input
                                    type="radio"
                                    name="people"
                                    required
                                    checked={people === choice.value}
                                    onChange={() => setPeople(choice.value)}
                                />
                                <span>
                                    <b>{choice.title}</b> {choice.help}
                                </span>
                            </label>
                        ))}
                    </fieldset>
                </>
            )}
            {found.failing.length > 0 && (
                <fieldset className="field">
                    <legend>Cases that fail</legend>
                    <ul>
                        {found.failing.map((each) => (
                            <li key={each.id}>
                                <b>{each.name}</b>: {each.failures.join(" ")}
                            </li>
                        ))}
                    </ul>
                    <label className="choice">
                        <input type="checkbox" required checked={ignoresCases} onChange={(event) => setIgnoresCases(event.target.checked)} />
                        <span>Publish it all the same</span>
                    </label>
                </fieldset>
            )}
            <div className="field">
                <label htmlFor="publish-note">What has changed, for those who look at it later</label>
                <input id="publish-note" type="text" maxLength={2000} value={note} onChange={(event) => onNote(event.target.value)} />
            </div>
            <footer>
                <button type="submit" className="main" disabled={isBusy}>
                    {isBusy ? "Publishing …" : "Publish"}
                </button>
            </footer>
        </form>
    )
}

export function reasonOf(error: unknown): string {
    if (error instanceof Refused) {
        if (error.isSignedOut && error.status !== 401) return `${error.message} Sign in again in another window, and come back.`
        if (error.isSignedOut) return "You are signed out. Sign in again in another window, and come back."
        if (error.code === "changed") return "Somebody else has saved the draft meanwhile: look again at what changes."
        return error.message
    }
    return "The server cannot be reached. Try again."
}
