// What the server finds wrong with a draft, by where it is: on nodes, their fields and ports, on edges and triggers.

import { edgeKey, nodeOf, type Definition } from "./definition"
import { isList, isObject } from "./json"

export interface Problem {
    readonly message: string
    readonly node: string
    readonly edge: string
    readonly trigger: string
    /** settings.url, entry.key, goals.0.name; of a node's ways the name of a port. */
    readonly field: string
    readonly is_warning: boolean
}

export type Place =
    | {
          readonly of: "node"
          readonly id: string
          readonly field: string
          readonly setting: string
          readonly port: string
      }
    | { readonly of: "edge"; readonly key: string; readonly field: string }
    | { readonly of: "trigger"; readonly id: string; readonly field: string }
    | { readonly of: "flow"; readonly field: string }

export interface Placed {
    readonly problem: Problem
    readonly place: Place
}

const NODE_FIELDS = ["id", "kind", "name", "settings", "position", "on_error", "retry"]

/** Return all problems with their places: what keeps the flow from being published first, then in the order given. */
export function placedProblems(problems: readonly Problem[], definition: Definition): Placed[] {
    const found = problems.map((problem) => ({ problem, place: placeOf(problem, definition) }))
    return [...found.filter((each) => !each.problem.is_warning), ...found.filter((each) => each.problem.is_warning)]
}

/** Return those that are shown while a node is new: nobody has filled in its fields yet. */
export function withoutFieldsOf(found: readonly Placed[], fresh: string | null): readonly Placed[] {
    if (fresh === null) return found
    return found.filter(({ place }) => place.of !== "node" || place.id !== fresh || place.setting === "")
}

/** Return those of one node, or of one edge. */
export function problemsOf(found: readonly Placed[], of: Place["of"], id: string): Placed[] {
    return found.filter(({ place }) => place.of === of && idOf(place) === id)
}

/** Return those that a form shows at a setting, or at something inside of it: `cases` has those of cases.0.port. */
export function problemsOfSetting(found: readonly Placed[], id: string, setting: string): Placed[] {
    return problemsOf(found, "node", id).filter(
        ({ place }) => place.of === "node" && (place.setting === setting || place.setting.startsWith(`${setting}.`)),
    )
}

function idOf(place: Place): string {
    if (place.of === "flow") return ""
    return place.of === "edge" ? place.key : place.id
}

function placeOf(problem: Problem, definition: Definition): Place {
    const { node, edge, trigger, field } = problem
    if (node && nodeOf(definition, node)) return ofNode(node, field)
    if (edge && definition.edges.some((each) => edgeKey(each) === edge)) return { of: "edge", key: edge, field }
    if (trigger) return { of: "trigger", id: trigger, field }
    return ofList(field, definition)
}

function ofNode(id: string, field: string): Place {
    const [first = "", ...rest] = field.split(".")
    const isPort = field !== "" && !NODE_FIELDS.includes(first)
    return { of: "node", id, field, setting: first === "settings" ? rest.join(".") : "", port: isPort ? field : "" }
}

/** Place what is named by its number in a list: nodes.3.id, edges.0.to, triggers.1. */
function ofList(field: string, definition: Definition): Place {
    const [list = "", at = "", ...rest] = field.split(".")
    const [number, inside] = [/^\d+$/.test(at) ? Number(at) : -1, rest.join(".")]
    const [node, edge] = [definition.nodes[number], definition.edges[number]]
    if (list === "nodes" && node) return ofNode(node.id, inside)
    if (list === "edges" && edge) return { of: "edge", key: edgeKey(edge), field: inside }
    const trigger = list === "triggers" && isList(definition.triggers) ? definition.triggers[number] : undefined
    if (isObject(trigger) && typeof trigger.id === "string") return { of: "trigger", id: trigger.id, field: inside }
    return { of: "flow", field }
}
