// What holds for the whole flow: what lets people enter, how often, what ends it, and what it is for.

import { useState } from "react"
import type { Trigger, TriggerKind } from "../model/definition"
import { freeId, option } from "../model/gestures"
import { isList, isObject, own, type Json, type JsonObject } from "../model/json"
import type { Placed } from "../model/problems"
import { Field, Form, within, type Problem } from "../forms/Form"
import { fieldsOf, type FieldSchema } from "../forms/schema"
import { useAdded } from "../forms/use_added"
import { useEditor, useEditorState } from "../store/use_editor"
import { Help } from "./Help"

const PAUSE_MS = 3_000
/** What people look for first; all else is behind a click. */
const OFTEN: readonly string[] = ["goals", "exits", "consents"]
const OF_COLLECTIONS: readonly string[] = ["answers_inline", "inline_ms"]
const OVER_EVERYBODY: readonly string[] = ["every_secs"]

export function FlowForm() {
    const { boot, store } = useEditor()
    const { catalogue } = useEditorState((state) => state.kinds)
    const definition = useEditorState((state) => state.definition)
    const placed = useEditorState((state) => state.problems)
    const isDisabled = !store.isEditable
    const isSegmentation = boot.flow.kind === "segmentation"
    const problems = placed.flatMap(problemOfFlow)
    const set = (key: string, value: Json | undefined, label: string) =>
        store.act({ label, key: `flow ${key}`, pauseMs: PAUSE_MS }, (each) => option(each, key, value))
    const fields = fieldsOf(catalogue.options.schema).filter(
        ({ name }) => !(isSegmentation ? OF_COLLECTIONS : OVER_EVERYBODY).includes(name),
    )
    const shown = (field: FieldSchema) => (
        <Field
            key={field.name}
            field={field}
            value={own(definition, field.name)}
            problems={within(problems, field.name)}
            isDisabled={isDisabled}
            onChange={(value) => set(field.name, value, `Change ${field.title.toLowerCase()}`)}
            onLeave={() => store.endGesture()}
        />
    )
    return (
        <>
            <header className="inspector-head">
                <p className="kind">The flow</p>
            </header>
            <Triggers isDisabled={isDisabled} />
            {!isSegmentation && (
                <fieldset className="field">
                    <legend>How often somebody enters</legend>
                    <Form
                        schema={catalogue.entry.schema}
                        value={definition.entry ?? {}}
                        problems={within(problems, "entry")}
                        isDisabled={isDisabled}
                        onChange={(value, path) =>
                            store.act({ label: "Change who enters", key: `entry ${path}`, pauseMs: PAUSE_MS }, (each) =>
                                option(each, "entry", value),
                            )
                        }
                        onLeave={() => store.endGesture()}
                    />
                </fieldset>
            )}
            {fields.filter(({ name }) => OFTEN.includes(name)).map(shown)}
            {!isSegmentation && <QuietHours isDisabled={isDisabled} />}
            <details>
                <summary>More</summary>
                {fields.filter(({ name }) => !OFTEN.includes(name)).map(shown)}
            </details>
        </>
    )
}

function problemOfFlow({ problem, place }: Placed): Problem[] {
    if (place.of !== "flow") return []
    return [{ path: place.field, message: problem.message, isWarning: problem.is_warning }]
}

function Triggers({ isDisabled }: { readonly isDisabled: boolean }) {
    const { boot, store } = useEditor()
    const { catalogue } = useEditorState((state) => state.kinds)
    const definition = useEditorState((state) => state.definition)
    const problems = useEditorState((state) => state.problems)
    const [kind, setKind] = useState("")
    const [list, added] = useAdded<HTMLFieldSetElement>("item")
    const triggers = isList(definition.triggers) ? definition.triggers : []
    const kinds = catalogue.triggers.filter((each) => each.flow_kinds.includes(boot.flow.kind))
    if (!kinds.length) return null
    const set = (next: readonly Trigger[], label: string, key?: string) =>
        store.act({ label, ...(key !== undefined && { key, pauseMs: PAUSE_MS }) }, (each) => option(each, "triggers", next))
    const add = () => {
        const told = kinds.find((each) => each.key === kind)
        if (!told) return
        const taken = new Set(triggers.map((each) => each.id))
        const id = freeId(definition, told.key, Math.random, taken)
        added()
        set([...triggers, { id, kind: told.key as TriggerKind, ...told.settings }], `Add the trigger ${told.title}`)
        setKind("")
    }
    return (
        <fieldset ref={list} className="field triggers">
            <legend>When people enter</legend>
            {!triggers.length && <p className="help">Nobody enters yet: say by what.</p>}
            {triggers.map((trigger) => {
                const told = catalogue.triggers.find((each) => each.key === trigger.kind)
                const found = problems.filter(({ place }) => place.of === "trigger" && place.id === trigger.id)
                const { id, kind: key, ...settings } = trigger
                return (
                    <div className="item" key={id} role="group" aria-label={told?.title ?? key}>
                        <div className="row item-tools">
                            <b>{told?.title ?? key}</b>
                            <button
                                type="button"
                                aria-label={`Remove the trigger ${told?.title ?? key}`}
                                disabled={isDisabled}
                                onClick={() => set(triggers.filter((each) => each !== trigger), `Remove the trigger ${told?.title ?? key}`)}
                            >
                                ×
                            </button>
                        </div>
                        {told && <Help title={told.title} about={told.about} help={told.help} effects="" />}
                        <Form
                            schema={told?.schema ?? {}}
                            value={settings as JsonObject}
                            problems={found.map(({ problem, place }) => ({
                                path: place.of === "trigger" ? place.field : "",
                                message: problem.message,
                                isWarning: problem.is_warning,
                            }))}
                            isDisabled={isDisabled}
                            onChange={(value, path) =>
                                set(
                                    triggers.map((each) => (each === trigger ? { id, kind: key, ...value } : each)),
                                    `Change the trigger ${told?.title ?? key}`,
                                    `${id} ${path}`,
                                )
                            }
                            onLeave={() => store.endGesture()}
                        />
                    </div>
                )
            })}
            <div className="row">
                <select aria-label="Kind of trigger" value={kind} disabled={isDisabled} onChange={(event) => setKind(event.target.value)}>
                    <option value="">Choose …</option>
                    {kinds.map((each) => (
                        <option key={each.key} value={each.key}>
                            {each.title}
                        </option>
                    ))}
                </select>
                <button type="button" disabled={isDisabled || !kind} onClick={add}>
                    Add
                </button>
            </div>
        </fieldset>
    )
}

/** Null: those of the installation. */
function QuietHours({ isDisabled }: { readonly isDisabled: boolean }) {
    const { store } = useEditor()
    const { catalogue } = useEditorState((state) => state.kinds)
    const problems = useEditorState((state) => state.problems)
    const said = useEditorState((state) => state.definition.quiet_hours) ?? null
    const choice = said === null ? "installation" : isObject(said) ? "own" : "none"
    const set = (value: Json, key?: string) =>
        store.act({ label: "Change quiet hours", ...(key !== undefined && { key, pauseMs: PAUSE_MS }) }, (each) =>
            option(each, "quiet_hours", value),
        )
    return (
        <fieldset className="field">
            <legend>Quiet hours</legend>
            <select
                aria-label="Quiet hours"
                value={choice}
                disabled={isDisabled}
                onChange={(event) =>
                    set({ installation: null, none: "none", own: { from: "21:00", to: "08:00" } }[event.target.value] ?? null)
                }
            >
                <option value="installation">those of the installation</option>
                <option value="none">none: messages go out at any time</option>
                <option value="own">of this flow</option>
            </select>
            {isObject(said) && (
                <Form
                    schema={catalogue.quiet_hours.schema}
                    value={said}
                    problems={within(problems.flatMap(problemOfFlow), "quiet_hours")}
                    isDisabled={isDisabled}
                    onChange={(value, path) => set(value, `quiet ${path}`)}
                    onLeave={() => store.endGesture()}
                />
            )}
        </fieldset>
    )
}
