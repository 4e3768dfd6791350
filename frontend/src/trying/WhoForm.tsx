// On whom a flow is tried, and what starts it.

import { useState } from "react"
import { isObject, type JsonObject } from "../model/json"
import { reasonOf } from "../publish/PublishDialog"
import { Form } from "../forms/Form"
import { Reference } from "../forms/ReferenceInput"
import { useEditor, useEditorState } from "../store/use_editor"
import { RunField } from "./RunField"
import { ofWho, whoOf, type Trial, type Who } from "./trial"
import { ValuesField } from "./ValuesField"

const TITLES: Readonly<Record<Who, string>> = {
    made: "somebody made up",
    person: "a person",
    event: "a stored event, and whose it is",
    run: "a run of the past, from its beginning",
    nobody: "nobody: a run without a person",
}
const REAL: readonly Who[] = ["person", "event", "run"]

const VALUES = "A value is read as JSON where it is some: 30, true. Else it is a text."
/** What is most often asked of somebody who is made up. */
const MADE: JsonObject = {
    properties: {
        name: { title: "Name", type: "string", "x-widget": "text" },
        email: { title: "E-mail address", type: "string", "x-widget": "text" },
        consents: { title: "Consents that they have given", type: "array", "x-widget": "texts", "x-reference": "consent" },
        segments: { title: "Segments in which they are", type: "array", "x-widget": "texts", "x-reference": "segment" },
    },
}

interface Props {
    readonly trial: Trial
    readonly onChange: (trial: Trial) => void
}

export function WhoForm({ trial, onChange }: Props) {
    const { boot } = useEditor()
    const definition = useEditorState((state) => state.definition)
    const who = whoOf(trial)
    const whos = (Object.keys(TITLES) as Who[]).filter((each) => boot.may.seePeople || !REAL.includes(each))
    return (
        <>
            <div className="field">
                <label htmlFor="try-who">On</label>
                <select id="try-who" value={who} onChange={(event) => onChange(ofWho(trial, event.target.value as Who, definition))}>
                    {whos.map((each) => (
                        <option key={each} value={each}>
                            {TITLES[each]}
                        </option>
                    ))}
                </select>
            </div>
            {who === "made" && (
                <MadeFields made={trial.profile ?? {}} onChange={(profile) => onChange({ ...trial, profile })} />
            )}
            {who === "person" && <PersonField trial={trial} onChange={onChange} />}
            {who === "event" && (
                <IdField label="Id of the event" value={trial.event_id ?? ""} onChange={(event_id) => onChange({ ...trial, event_id })} />
            )}
            {who === "run" && <RunField value={trial.run_id ?? ""} onChange={(run_id) => onChange({ ...trial, run_id })} />}
            {(who === "made" || who === "person" || who === "nobody") && <EventFields trial={trial} onChange={onChange} />}
        </>
    )
}

interface MadeProps {
    readonly made: JsonObject
    readonly onChange: (made: JsonObject) => void
}

function MadeFields({ made, onChange }: MadeProps) {
    return (
        <>
            <Form schema={MADE} value={made} problems={[]} isDisabled={false} onChange={onChange} onLeave={() => {}} />
            <ValuesField
                label="Traits"
                help={VALUES}
                value={isObject(made.traits) ? made.traits : {}}
                onChange={(traits) => onChange({ ...made, traits })}
            />
        </>
    )
}

function EventFields({ trial, onChange }: Props) {
    const { event } = trial
    const type = typeof event?.type === "string" ? event.type : ""
    const { type: _, properties, ...others } = event ?? {}
    const set = (next: JsonObject) => onChange({ ...trial, event: { ...event, ...next } })
    return (
        <>
            <div className="field">
                <label htmlFor="try-event">Event that starts it</label>
                <Reference
                    id="try-event"
                    to="event_type"
                    connectionKind=""
                    value={type}
                    isDisabled={false}
                    isWrong={false}
                    onChange={(each) => {
                        if (each) return set({ type: each })
                        const { event: _gone, ...rest } = trial
                        onChange(rest)
                    }}
                />
            </div>
            {type && (
                <ValuesField
                    label="Its properties"
                    help={VALUES}
                    value={isObject(properties) ? properties : {}}
                    onChange={(each) => onChange({ ...trial, event: { ...others, type, properties: each } })}
                />
            )}
        </>
    )
}

function IdField({ label, value, onChange }: { readonly label: string; readonly value: string; readonly onChange: (id: string) => void }) {
    return (
        <div className="field">
            <label htmlFor="try-id">{label}</label>
            <input id="try-id" type="text" spellCheck={false} value={value} onChange={(event) => onChange(event.target.value.trim())} />
        </div>
    )
}

interface Person {
    readonly id: string
    readonly name: string
    readonly email: string
}

interface Stored {
    readonly id: string
    readonly type: string
    readonly time: string
}

/** A person by id, e-mail or phone, and of their last events one that starts it. */
function PersonField({ trial, onChange }: Props) {
    const { api } = useEditor()
    const [wanted, setWanted] = useState(trial.profile_id ?? "")
    const [person, setPerson] = useState<Person | null>(null)
    const [events, setEvents] = useState<readonly Stored[]>([])
    const [told, setTold] = useState("")
    const find = async () => {
        setTold("Looking …")
        try {
            const { results } = await api.ask<{ results: readonly Person[] }>("GET", `profiles?q=${encodeURIComponent(wanted)}`)
            const [found] = results
            setPerson(found ?? null)
            setTold(found ? "" : "Nobody has this id, e-mail address, phone or customer number. It has to be whole; names are not searched.")
            if (!found) return
            onChange({ ...trial, profile_id: found.id })
            const page = await api.ask<{ results: readonly Stored[] }>("GET", `profiles/${found.id}/events`)
            setEvents(page.results)
        } catch (failure) {
            setTold(reasonOf(failure))
        }
    }
    return (
        <div className="field">
            <label htmlFor="try-person">Who: an id, e-mail address, phone or customer number</label>
            <div className="row">
                <input
                    id="try-person"
                    type="text"
                    value={wanted}
                    onChange={(event) => setWanted(event.target.value)}
                    onKeyDown={(event) => event.key === "Enter" && void find()}
                />
                <button type="button" onClick={() => void find()}>
                    Find
                </button>
            </div>
            {told && <p className="help" role="status">{told}</p>}
            {person && <p className="help">{person.name || person.email || person.id}</p>}
            {events.length > 0 && (
                <>
                    <label htmlFor="try-their-event">One of their last events</label>
                    <select
                        id="try-their-event"
                        value=""
                        onChange={(event) => event.target.value && onChange({ ...ofEvent(trial), event_id: event.target.value })}
                    >
                        <option value="">Choose …</option>
                        {events.map((each) => (
                            <option key={each.id} value={each.id}>
                                {each.type}, {new Date(each.time).toLocaleString()}
                            </option>
                        ))}
                    </select>
                </>
            )}
        </div>
    )
}

function ofEvent({ profile_id: _p, event: _e, ...others }: Trial): Trial {
    return others
}
