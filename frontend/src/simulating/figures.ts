// What a simulation found, and what the drawing shows of it.

import { edgeKey, type Definition } from "../model/definition"
import { counted } from "../model/amounts"
import { own } from "../model/json"
import type { Badge } from "../store/editor_store"

export interface Sample {
    readonly profile_id: string
    readonly who: string
    readonly event_type: string
    readonly entered_at: string
    readonly at: string
    readonly reason?: string
}

/** A simulation, and how far it is. */
export interface SimulationLine {
    readonly id: string
    readonly status: "waiting" | "running" | "paused" | "done" | "failed" | "cancelled"
    readonly message: string
    readonly progress: number
    readonly total: number | null
    readonly created_at: string
    readonly requested_by: string
    readonly days: number
    readonly draft_revision: number | null
    readonly is_sample: boolean
    readonly factor: number
    readonly n_events: number
    readonly n_people: number
    readonly n_met: number
    readonly n_entered: number
}

export interface Simulation extends SimulationLine {
    readonly refused: readonly { readonly why: string; readonly said: string; readonly n: number }[]
    readonly nodes: {
        readonly [id: string]: { readonly entered: number; readonly waiting_at_end: number; readonly failed: number }
    } | null
    readonly edges: { readonly [key: string]: number } | null
    readonly goals: { readonly [id: string]: number } | null
    readonly endings: { readonly [status: string]: number } | null
    readonly deliveries: readonly { readonly kind: string; readonly connection: string; readonly channel: string; readonly n: number }[] | null
    readonly samples: { readonly [edge: string]: readonly Sample[] } | null
    readonly samples_waiting: { readonly [node: string]: readonly Sample[] } | null
    readonly samples_failed: { readonly [node: string]: readonly Sample[] } | null
    readonly caveats: readonly string[] | null
}

export function isGoing({ status }: SimulationLine): boolean {
    return ["waiting", "running", "paused"].includes(status)
}

/** Return which one of the latest is shown to whoever comes: one that goes on, or the last that came to its end. */
export function worthShowing(latest: readonly SimulationLine[]): SimulationLine | null {
    return latest.find(isGoing) ?? latest.find(({ status }) => status === "done") ?? null
}

/** Return some of those who would have gone along an edge, or would have been at a node, with what is said of them.
 *
 * Who came to a node is known by its edges, and who is there still, or failed there, by itself.
 */
export function samplesOf(found: Simulation, definition: Definition, of: { readonly edge: string } | { readonly node: string }): readonly Sample[] {
    const along = (key: string) => own(found.samples ?? {}, key) ?? []
    if ("edge" in of) return along(of.edge)
    const { node } = of
    const [into, outOf] = (["to", "from"] as const).map((end) => definition.edges.filter((edge) => edge[end] === node))
    const passing = [into, outOf].map((edges) => (edges ?? []).flatMap((edge) => along(edgeKey(edge)))).find((each) => each.length)
    const staying = [found.samples_failed, found.samples_waiting].flatMap((each) => own(each ?? {}, node) ?? [])
    const met = new Map([...staying, ...(passing ?? [])].reverse().map((each) => [`${each.profile_id} ${each.entered_at}`, each]))
    return [...met.values()].reverse()
}

export function drawnOf(found: Simulation, definition: Definition) {
    const badges = new Map(
        Object.entries(found.nodes ?? {}).map(([id, { entered, waiting_at_end, failed }]): [string, readonly Badge[]] => [
            id,
            [
                { text: counted(entered), tone: "plain", title: `${counted(entered)} would have come here` },
                ...(waiting_at_end ? [{ text: `${counted(waiting_at_end)} here`, tone: "good", title: `${counted(waiting_at_end)} would be here now` } as const] : []),
                ...(failed ? [{ text: `${counted(failed)} failed`, tone: "danger", title: `${counted(failed)} would have failed here` } as const] : []),
            ],
        ]),
    )
    const edgeLabels = new Map(
        definition.edges.map((edge): [string, { text: string; title: string }] => {
            const n = counted(own(found.edges ?? {}, edgeKey(edge)) ?? 0)
            return [edgeKey(edge), { text: n, title: `${n} would have gone this way` }]
        }),
    )
    return { badges, edgeLabels }
}
