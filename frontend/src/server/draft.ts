// The draft of the flow, as the server keeps it.

import type { Definition } from "../model/definition"
import { Away, type Answer, type Loaded, type Server, type SignedOut, type Stored } from "../model/draft_server"
import { isObject, type JsonObject } from "../model/json"
import { Refused, type Api } from "./api"

/** A flow as the API tells it, and the answer to whoever was too late. */
export interface FlowTold {
    readonly draft: JsonObject
    readonly draft_revision: number
    readonly changed_by: string
    readonly changed_at: string | null
}

export type Missing = SignedOut | { readonly is: "gone" }

/** Return what is missing where the server has refused because of that: the flow, or who is signed in. */
export function missingOf(error: unknown): Missing | undefined {
    if (!(error instanceof Refused)) return undefined
    if (error.isSignedOut) return { is: "signed-out", other: error.status === 401 ? "" : error.message }
    return error.status === 404 ? { is: "gone" } : undefined
}

export class DraftServer implements Server {
    constructor(private readonly api: Api) {}

    async save(definition: Definition, revision: number): Promise<Answer> {
        const body = { draft: definition, revision, is_unfinished: true }
        try {
            const flow = await this.api.ask<FlowTold>("PATCH", this.api.ofFlow(), body)
            return { is: "saved", revision: flow.draft_revision }
        } catch (error) {
            if (!(error instanceof Refused)) throw error
            if (error.code === "changed" && isObject(error.body.draft)) {
                return { is: "changed", stored: storedOf(error.body as unknown as FlowTold) }
            }
            if (error.status === 409) throw new Away(error.message, null)
            return missingOf(error) ?? { is: "refused", message: error.message, mayPass: error.status === 403 }
        }
    }

    async load(): Promise<Loaded> {
        try {
            return { is: "loaded", stored: storedOf(await this.api.ask<FlowTold>("GET", this.api.ofFlow())) }
        } catch (error) {
            const missing = missingOf(error)
            if (!missing) throw error
            return missing
        }
    }
}

export function storedOf({ draft, draft_revision, changed_by, changed_at }: FlowTold): Stored {
    return { document: draft, revision: draft_revision, by: { name: changed_by, at: changed_at } }
}
