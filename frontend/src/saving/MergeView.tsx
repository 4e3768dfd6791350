// Where two people have changed the same, each to something else, whoever saves later chooses.

import { useState } from "react"
import { Dialog } from "../app/Dialog"
import type { Status } from "../model/draft_keeper"
import { nameOf, type Choice } from "../model/merge"
import { useEditor, useEditorState } from "../store/use_editor"
import { sidesOf, timeOf, whoIs } from "./author"
import { ConflictWords } from "./conflict_words"

const SIDES: readonly Choice[] = ["mine", "theirs"]

export function MergeView() {
    const status = useEditorState((state) => state.status)
    const isMerging = useEditorState((state) => state.isMerging)
    if (status.is !== "conflict" || !isMerging) return null
    return <Conflicts status={status} />
}

type Standing = Extract<Status, { readonly is: "conflict" }>

function Conflicts({ status: { conflicts, theirs, by } }: { readonly status: Standing }) {
    const { boot, store } = useEditor()
    const { definition, kinds } = store.state
    const [choices, setChoices] = useState<ReadonlyMap<string, Choice>>(new Map())
    const choose = (names: readonly string[], choice: Choice) =>
        setChoices(new Map([...choices, ...names.map((name): [string, Choice] => [name, choice])]))
    const names = conflicts.map((conflict) => nameOf(conflict.path))
    const nLeft = names.filter((name) => !choices.has(name)).length
    const close = () => store.set({ isMerging: false })
    const apply = () => {
        store.keeper.resolve(choices)
        close()
    }
    const words = new ConflictWords([definition, theirs], kinds)
    const sides = sidesOf(by, boot)
    return (
        <Dialog title="The same was changed twice" onClose={close}>
            <p>
                {whoIs(by, boot)} saved a change of the same{timeOf(by)}. Choose what is to stay. All else is brought
                together already, and undo brings back what you have now.
            </p>
            <p className="row">
                {SIDES.map((side) => (
                    <button key={side} type="button" onClick={() => choose(names, side)}>
                        {sides[side].all}
                    </button>
                ))}
            </p>
            <div className="conflicts">
                {conflicts.map((conflict, at) => {
                    const name = names[at] ?? ""
                    return (
                        <fieldset key={name}>
                            <legend>{words.place(conflict)}</legend>
                            {SIDES.map((side) => (
                                <Side
                                    key={side}
                                    name={name}
                                    title={sides[side].one}
                                    value={words.value(conflict, conflict[side])}
                                    isChosen={choices.get(name) === side}
                                    onChoose={() => choose([name], side)}
                                />
                            ))}
                            <div className="choice before">
                                <b>Before</b>
                                <pre>{words.value(conflict, conflict.base)}</pre>
                            </div>
                        </fieldset>
                    )
                })}
            </div>
            <footer>
                <button type="button" className="main" disabled={nLeft > 0} onClick={apply}>
                    {nLeft ? `Choose ${nLeft} more` : "Save what I have chosen"}
                </button>
            </footer>
        </Dialog>
    )
}

interface SideProps {
    readonly name: string
    readonly title: string
    readonly value: string
    readonly isChosen: boolean
    readonly onChoose: () => void
}

function Side({ name, title, value, isChosen, onChoose }: SideProps) {
    return (
        <label className="choice">
            <input type="radio" name={name} checked={isChosen} onChange={onChoose} />
            <b>{title}</b>
            <pre>{value}</pre>
        </label>
    )
}
