// A trial of a flow, and what it tells: docs/trying-flows.md. What a step of it pins or answers is kept with the trial.

import type { Definition } from "../model/definition"
import { own, type Json, type JsonObject } from "../model/json"
import type { Badge } from "../store/editor_store"

export interface Pin extends JsonObject {
    readonly node: string
    readonly visit?: number
    readonly port?: string
    readonly output?: Json
}

export interface Answered extends JsonObject {
    readonly node: string
    readonly is_skipped?: boolean
    readonly event?: JsonObject
    readonly delivery?: JsonObject
}

/** On whom, with what, and what is taken for granted. */
export interface Trial extends JsonObject {
    readonly profile_id?: string
    readonly profile?: JsonObject
    readonly event_id?: string
    readonly event?: JsonObject
    readonly run_id?: string
    readonly payload?: Json
    readonly node?: string
    readonly answers?: readonly Answered[]
    readonly pins?: readonly Pin[]
    readonly waits?: "pass" | "stop"
}

export interface Step {
    readonly node: string
    readonly kind: string
    readonly visit: number
    readonly at: string
    readonly port: string
    readonly took_us: number
    readonly error: string
    readonly is_pinned: boolean
    readonly wake: string
    readonly input: Json
    readonly output: Json
    readonly conditions: JsonObject
    readonly memory: JsonObject
    readonly changes: readonly JsonObject[]
    readonly segments: JsonObject
    readonly sent: readonly JsonObject[]
    readonly raised: readonly JsonObject[]
    readonly started: readonly JsonObject[]
    readonly noted: JsonObject
    readonly wait: {
        readonly until: string | null
        readonly events: readonly { readonly type: string }[]
        readonly delivery: boolean
        readonly flow: string
        readonly ended_at: string | null
        readonly ended_by: string
        readonly is_assumed: boolean
    } | null
}

export interface Tried {
    readonly began_at: string
    readonly ended_at: string
    readonly profile_id: string | null
    readonly end: string
    readonly reason: string
    readonly place: string
    readonly path: readonly string[]
    readonly steps: readonly Step[]
    readonly memory: JsonObject
    readonly result: Json
    readonly entered: readonly string[]
    readonly left: readonly string[]
    readonly goals: readonly string[]
    readonly response: JsonObject
    readonly ux: readonly JsonObject[]
    readonly unused_answers: readonly number[]
}

const ENDS: Readonly<Record<string, string>> = {
    finished: "They came to an end of the flow.",
    goal: "They reached the goal.",
    exited: "An exit rule let them leave.",
    removed: "They were taken out.",
    failed: "The run fails.",
    expired: "They were in it for too long.",
    waiting: "They still wait.",
    limit: "It was stopped: it took more steps or time than a trial may.",
}

export function endInWords({ end, reason }: Tried): string {
    return [own(ENDS, end) ?? end, reason].filter(Boolean).join(" ")
}

/** Make a trial on somebody who is made up, with the event that the first trigger asks for. */
export function firstTrial(definition: Definition): Trial {
    const trigger = (definition.triggers ?? []).find((each) => typeof each.event_type === "string")
    const profile = { name: "Sam Sample", email: "sam@example.com" }
    if (!trigger) return { profile }
    return { profile, event: { type: String(trigger.event_type), properties: {} } }
}

/** A trial as it is set up, what it told last, and of which definition. */
export interface Trying {
    readonly trial: Trial
    readonly tried: Tried | null
    readonly triedOf: Definition | null
}

/** Set a trial up otherwise. On somebody else nothing is taken for granted, and what was told of others goes. */
export function withTrial(trying: Trying, trial: Trial): Trying {
    const ids = [whoOf, (each: Trial) => each.profile_id, (each: Trial) => each.event_id, (each: Trial) => each.run_id]
    if (ids.every((idOf) => idOf(trying.trial) === idOf(trial))) return { ...trying, trial }
    const { pins: _pins, ...others } = trial
    return { trial: others, tried: null, triedOf: null }
}

export type Who = "made" | "person" | "event" | "run" | "nobody"

export function whoOf(trial: Trial): Who {
    if (trial.run_id !== undefined) return "run"
    if (trial.event_id !== undefined) return "event"
    if (trial.profile_id !== undefined) return "person"
    return trial.profile ? "made" : "nobody"
}

/** Try it on somebody else; what was answered stays. */
export function ofWho(trial: Trial, who: Who, definition: Definition): Trial {
    const { profile, profile_id, event, event_id, run_id, ...others } = trial
    const made = { ...firstTrial(definition), ...(event && { event }) }
    switch (who) {
        case "made":
            return { ...others, ...made, ...(profile && { profile }) }
        case "person":
            return { ...others, ...(made.event && { event: made.event }), profile_id: profile_id ?? "" }
        case "event":
            return { ...others, event_id: event_id ?? "" }
        case "run":
            return { ...others, run_id: run_id ?? "" }
        case "nobody":
            return { ...others, ...(made.event && { event: made.event }) }
    }
}

/** Take what a step said for granted from now on, or no more. */
export function pinned(trial: Trial, step: Step): Trial {
    const others = (trial.pins ?? []).filter((pin) => !(pin.node === step.node && (pin.visit ?? step.visit) === step.visit))
    if (step.is_pinned) return { ...trial, pins: others }
    return { ...trial, pins: [...others, { node: step.node, visit: step.visit, port: step.port, output: step.output }] }
}

/** Take another port for granted. */
export function repinned(trial: Trial, pin: Pin, port: string): Trial {
    return { ...trial, pins: (trial.pins ?? []).map((each) => (each === pin ? { ...pin, port } : each)) }
}

export function unpinned(trial: Trial, pin: Pin): Trial {
    return { ...trial, pins: (trial.pins ?? []).filter((each) => each !== pin) }
}

/** Return what the drawing says of nodes that are not asked. */
export function badgesOf({ pins = [] }: Trial, titleOfPort: (pin: Pin) => string): ReadonlyMap<string, readonly Badge[]> {
    return new Map(pins.map((pin) => [pin.node, [{ text: "pinned", tone: "warning", title: `Pinned: ${titleOfPort(pin)}` }]]))
}

/** Say which nodes are pinned. */
export function pinnedInWords({ pins = [] }: Trial, titleOf: (id: string) => string): string {
    const titles = new Set(pins.map((pin) => titleOf(pin.node)))
    return titles.size ? `Pinned: ${[...titles].join(", ")}` : ""
}

/** Say what happens to whoever waits at a node, in place of what was said of it before; null: time passes. */
export function answered(trial: Trial, node: string, answer: Omit<Answered, "node"> | null): Trial {
    const others = (trial.answers ?? []).filter((each) => each.node !== node)
    return { ...trial, answers: answer ? [...others, { ...answer, node } as Answered] : others }
}

/** Return the way as the drawing shows it. */
export function pathOf({ path }: Tried): readonly { readonly node: string; readonly port: string }[] {
    return path.map((each) => {
        const at = each.indexOf(".")
        return at < 0 ? { node: each, port: "" } : { node: each.slice(0, at), port: each.slice(at + 1) }
    })
}

/** Return what a step did, in words, a line each. */
export function deedsOf(step: Step): readonly string[] {
    return [
        ...step.sent.map((each) => `Would send by ${textOf(each.connection) || textOf(each.kind)}`),
        ...step.changes.map((each) => `Would ${textOf(each.operation) || "set"} ${textOf(each.path)}: ${JSON.stringify(each.value)}`),
        ...Object.entries(step.segments).map(([key, isEntered]) => `Would ${isEntered ? "enter" : "leave"} the segment ${key}`),
        ...step.raised.map((each) => `Would raise ${textOf(each.type)}`),
        ...step.started.map((each) => `Would start the flow ${textOf(each.flow)}`),
    ]
}

function textOf(value: Json | undefined): string {
    return typeof value === "string" ? value : ""
}

/** Say how long somebody waits, and what ends it. */
export function waitInWords({ wait }: Step): string {
    if (!wait) return ""
    const events = wait.events.map((each) => (each.type === "*" ? "any event" : each.type))
    const things = [
        ...(wait.until ? [`until ${new Date(wait.until).toLocaleString()}`] : []),
        ...(events.length ? [`for ${events.join(" or ")}`] : []),
        ...(wait.delivery ? ["for what is sent to arrive"] : []),
        ...(wait.flow ? [`for the end of ${wait.flow}`] : []),
    ]
    const ended = wait.ended_by ? ` It ends by ${wait.ended_by}${wait.is_assumed ? ", as a trial takes for granted" : ""}.` : ""
    return `Waits ${things.join(", ")}.${ended}`
}
