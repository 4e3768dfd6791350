// What the server tells of flows: the kinds of their nodes and triggers, with what forms are made of.

import type { NodePart } from "../model/definition"
import { same, type JsonObject } from "../model/json"
import type { Kind, Kinds } from "../model/kinds"

/** An answer of `GET node-kinds`. */
export interface Catalogue {
    /** In their order. */
    readonly groups: readonly { readonly key: string; readonly title: string }[]
    readonly nodes: readonly FullKind[]
    readonly triggers: readonly TriggerKindTold[]
    readonly entry: { readonly schema: Schema }
    readonly options: { readonly schema: Schema }
    readonly quiet_hours: { readonly schema: Schema }
    readonly retry: { readonly schema: Schema }
}

/** JSON schema, with more about the form in keys that begin with `x-`. */
export type Schema = JsonObject

/** A kind with all of which the palette and the forms are made. */
export interface FullKind extends Kind {
    /** The first line of its help. */
    readonly about: string
    readonly needs_person: boolean
    readonly effects: string
    readonly effects_told: string
    readonly schema: Schema
    readonly example: JsonObject
    /** Those of a new node. */
    readonly settings: JsonObject
    /** Of a new node, the usual one first. */
    readonly ports: readonly Port[]
    /** Those that need not lead anywhere. */
    readonly optional_ports: readonly string[]
    /** Kinds of flows that may have it. */
    readonly flow_kinds: readonly string[]
}

export interface TriggerKindTold {
    readonly key: string
    readonly title: string
    readonly about: string
    readonly help: string
    readonly is_about_person: boolean
    readonly flow_kinds: readonly string[]
    readonly schema: Schema
    readonly settings: JsonObject
}

export interface Port {
    readonly name: string
    readonly label: string
}

/** All kinds, and the ports of nodes as far as the server has told them. */
export class ToldKinds implements Kinds {
    private readonly byKey: ReadonlyMap<string, FullKind>

    constructor(
        readonly catalogue: Catalogue,
        /** By the ids of nodes. */
        private readonly told: ReadonlyMap<string, readonly Port[]> = new Map(),
    ) {
        this.byKey = new Map(catalogue.nodes.map((kind) => [kind.key, kind]))
    }

    readonly of = (key: string): FullKind | undefined => this.byKey.get(key)

    readonly portsOf = (node: NodePart): readonly string[] | null => {
        return this.labelledPortsOf(node)?.map((port) => port.name) ?? null
    }

    /** Return the ports of a node: as told of it last, or as a new one of its kind has them. */
    readonly labelledPortsOf = (node: NodePart): readonly Port[] | null => {
        const kind = this.of(node.kind)
        const isNew = kind !== undefined && same(node.settings ?? {}, kind.settings)
        return (isNew ? kind.ports : this.told.get(node.id)) ?? kind?.ports ?? null
    }

    /** Return what a port of a node is called. */
    readonly portLabelOf = (node: NodePart | undefined, port: string): string => {
        const found = node && this.labelledPortsOf(node)?.find((each) => each.name === port)
        return found?.label || port
    }

    /** Return the same kinds with what the server has told of some nodes. */
    with(ports: { readonly [id: string]: readonly Port[] }): ToldKinds {
        return new ToldKinds(this.catalogue, new Map([...this.told, ...Object.entries(ports)]))
    }
}
