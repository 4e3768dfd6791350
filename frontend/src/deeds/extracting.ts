// A part of the flow becomes a flow of its own: that is made by the server first, and stays there whatever is undone here.

import { extracted, extractionRefusal, readingOutside } from "../model/subflow"
import type { NodePart } from "../model/definition"
import type { Api } from "../server/api"
import type { Boot } from "../boot"
import { chosen, goTo, type Chosen, type Desk } from "./desk"

export interface NewFlow {
    readonly key: string
    readonly name: string
}

/** Ask what the flow is to be called, or say why there can be none. */
export function askForFlow(desk: Desk): void {
    const { definition, kinds } = desk.store.state
    const reason = extractionRefusal(definition, chosen(desk).nodes, kinds)
    if (reason) desk.store.refuse(reason)
    else desk.board.set({ dialog: "extract" })
}

/** Return the nodes that will read nothing any more where they read the event, or the memory, of this flow. */
export function losing(desk: Desk, all: Chosen): NodePart[] {
    return readingOutside(desk.store.state.definition, all.nodes)
}

/** Make a key of a name: lower case, and hyphens. */
export function keyOf(name: string): string {
    const plain = name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase()
    return plain.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 100)
}

/** Make the flow, and let a node that calls it take the place of what it is made of. Raises what `Api.ask` raises. */
export async function extract(desk: Desk, all: Chosen, flow: NewFlow, { api, boot }: { api: Api; boot: Boot }) {
    const { store } = desk
    const around = { kinds: store.state.kinds, chance: Math.random }
    const found = extracted(store.arrange(store.state.definition), all, flow, around)
    if (!found) return
    await api.ask("POST", "flows", { ...flow, kind: boot.flow.kind, draft: found.part, is_unfinished: true })
    store.act({ label: `Make the sub-flow ${flow.name}` }, () => found.definition)
    goTo(desk, found.id)
    store.say(`Made: the sub-flow ${flow.name}. Publish it, and switch it on, before this one.`)
}
