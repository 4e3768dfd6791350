// What operators have named, for pickers: event types, segments, connections, consents, flows; and fields for templates.

import type { Api } from "./api"

export interface Names {
    readonly event_types: readonly Named[]
    readonly segments: readonly (Named & { readonly kind: string })[]
    readonly connections: readonly { readonly name: string; readonly kind: string; readonly is_enabled: boolean }[]
    readonly consents: readonly Named[]
    readonly sources: readonly { readonly id: string; readonly name: string }[]
    readonly flows: readonly (Named & { readonly kind: string; readonly state: string })[]
}

export interface Named {
    readonly key: string
    readonly name: string
}

/** A field that a template or a condition may refer to. */
export interface Field {
    /** profile@traits.plan */
    readonly path: string
    readonly label: string
}

const FRESH_MS = 30_000

/** Asks for names, and remembers them for a while: every form asks for the same. */
export class NameServer {
    private known: { readonly at: number; readonly names: Promise<Names> } | null = null
    private knownFields: Promise<readonly Field[]> | null = null

    constructor(
        private readonly api: Api,
        private readonly conditions: string,
    ) {}

    names(): Promise<Names> {
        const now = Date.now()
        if (!this.known || now - this.known.at > FRESH_MS) {
            const names = this.api.ask<Names>("GET", "names")
            this.known = { at: now, names }
            names.catch(() => (this.known = null))
        }
        return this.known.names
    }

    fields(): Promise<readonly Field[]> {
        if (!this.knownFields) {
            this.knownFields = Promise.all(["people", "events"].map((language) => this.fieldsOf(language))).then((all) => all.flat())
            this.knownFields.catch(() => (this.knownFields = null))
        }
        return this.knownFields
    }

    private async fieldsOf(language: string): Promise<readonly Field[]> {
        const answer = await fetch(`${this.conditions}${language}/fields/`, {
            headers: { Accept: "application/json" },
            signal: AbortSignal.timeout(20_000),
        })
        if (!answer.ok) return []
        return ((await answer.json()) as { readonly fields?: readonly Field[] }).fields ?? []
    }
}
