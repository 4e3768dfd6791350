// Undo and redo: one step for each gesture, however many changes it is made of.

import { differs, type Definition } from "./definition"

const MAX_STEPS = 500

export interface Gesture {
    /** What was done, for the words of the menu. */
    readonly label: string
    /** Changes of one key that follow each other are one gesture: those of a drag, or of typing into a field. */
    readonly key?: string
    /** Unless so much time has passed since the last of them. */
    readonly pauseMs?: number
}

interface Step {
    readonly label: string
    readonly read: () => Definition
}

export interface History {
    readonly present: Definition
    /** What was before each gesture, the last one at the end. */
    readonly past: readonly Step[]
    /** What comes back by redo, the next one at the end. */
    readonly future: readonly Step[]
    /** The gesture that may go on. */
    readonly open: { readonly gesture: Gesture; readonly at: number } | null
}

export function begun(definition: Definition): History {
    return { present: definition, past: [], future: [], open: null }
}

/** Note what a gesture has made; one that has changed nothing is no step. */
export function noted(history: History, definition: Definition, gesture: Gesture, now: number): History {
    if (definition === history.present) return history
    const open = gesture.key === undefined ? null : { gesture, at: now }
    if (goesOn(history, gesture, now)) {
        const before = history.past.at(-1)?.read()
        if (before && !differs(before, definition)) {
            return { ...history, present: before, past: history.past.slice(0, -1), open: null }
        }
        return { ...history, present: definition, open }
    }
    if (!differs(history.present, definition)) return history
    const step = stepOf(gesture.label, history.present)
    return { present: definition, past: [...history.past, step].slice(-MAX_STEPS), future: [], open }
}

function goesOn({ open, past }: History, gesture: Gesture, now: number): boolean {
    if (!open || !past.length || gesture.key === undefined || open.gesture.key !== gesture.key) return false
    return now - open.at <= (gesture.pauseMs ?? Infinity)
}

/** End the gesture that may have gone on: the pointer was let go, the field was left. */
export function closed(history: History): History {
    return history.open ? { ...history, open: null } : history
}

export function undone(history: History): History {
    const step = history.past.at(-1)
    if (!step) return history
    const future = [...history.future, stepOf(step.label, history.present)]
    return { present: step.read(), past: history.past.slice(0, -1), future, open: null }
}

export function redone(history: History): History {
    const step = history.future.at(-1)
    if (!step) return history
    const past = [...history.past, stepOf(step.label, history.present)]
    return { present: step.read(), past, future: history.future.slice(0, -1), open: null }
}

/** Bring what somebody else has changed into all steps, so that undo takes back one's own gestures, and not theirs. */
export function rebased(history: History, bring: (definition: Definition) => Definition): History {
    const all = (steps: readonly Step[]): Step[] => {
        return steps.map((step) => ({ ...step, read: once(() => bring(step.read())) }))
    }
    return { present: bring(history.present), past: all(history.past), future: all(history.future), open: null }
}

function stepOf(label: string, definition: Definition): Step {
    return { label, read: () => definition }
}

/** Do something when it is needed first: of hundreds of steps few are ever gone back to. */
function once<T>(make: () => T): () => T {
    let found: { readonly value: T } | null = null
    return () => (found ??= { value: make() }).value
}
