// A flow that was written as text has no places: it is drawn where the layout puts its nodes, and those places are saved
// with the first gesture, so that opening a flow changes nothing.

import { useEffect, useMemo, useState } from "react"
import { positionOf, type Definition } from "../model/definition"
import type { laidOut } from "../model/layout"
import type { Kinds } from "../model/kinds"
import { useEditor } from "../store/use_editor"
import { sizesOf } from "./sizes"

let layOut: typeof laidOut | null = null
const ARRANGED = new WeakMap<Definition, Definition>()

function isPlaced({ nodes }: Definition): boolean {
    const [first, ...others] = nodes.map(positionOf)
    return !others.length || others.some((place) => place.x !== first?.x || place.y !== first.y)
}

/** Return a definition with places; the same one where it has some, and as long as the layout is not loaded. */
export function arrangedBy(definition: Definition, kinds: Kinds): Definition {
    if (!layOut || isPlaced(definition)) return definition
    const found = ARRANGED.get(definition) ?? layOut(definition, sizesOf(definition, kinds), kinds)
    ARRANGED.set(definition, found)
    return found
}

/** Return what is drawn of a definition; null while that is found out. */
export function useArranged(definition: Definition): Definition | null {
    const { store } = useEditor()
    const [isLoaded, setLoaded] = useState(layOut !== null)
    const isReady = isLoaded || isPlaced(definition)
    useEffect(() => {
        store.arrange = (each) => arrangedBy(each, store.state.kinds)
        if (isReady) return
        void import("../model/layout").then((module) => {
            layOut = module.laidOut
            setLoaded(true)
        })
    }, [store, isReady])
    return useMemo(() => (isReady ? arrangedBy(definition, store.state.kinds) : null), [definition, isReady, store])
}
