// What was published: the latest versions, and those before them when somebody asks.

import { useCallback, useEffect, useState } from "react"
import type { JsonObject } from "../model/json"
import { useEditor } from "../store/use_editor"
import { reasonOf } from "./PublishDialog"

export interface Version {
    readonly number: number
    readonly note: string
    readonly published_at: string
    readonly published_by: string
    readonly n_inside: number
    readonly definition: JsonObject
}

/** Read versions, anew where there is a newer one; `loadOlder` is null where there are none before them. */
export function useVersions(newest: number | null = null) {
    const { api } = useEditor()
    const [versions, setVersions] = useState<readonly Version[] | null>(null)
    const [error, setError] = useState("")
    const load = useCallback(
        (known: readonly Version[]) => {
            const oldest = known.at(-1)?.number
            const question = oldest === undefined ? "versions" : `versions?before=${oldest}`
            return api.ask<{ results: readonly Version[] }>("GET", api.ofFlow(question)).then(
                ({ results }) => setVersions([...known, ...results]),
                (failure: unknown) => setError(reasonOf(failure)),
            )
        },
        [api],
    )
    useEffect(() => void load([]), [load, newest])
    const hasOlder = versions !== null && (versions.at(-1)?.number ?? 1) > 1
    return { versions, error, loadOlder: hasOlder ? () => void load(versions) : null }
}
