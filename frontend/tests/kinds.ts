// Some kinds of nodes, as the server tells them.

import type { NodePart } from "../src/model/definition"
import { isList, isObject } from "../src/model/json"
import type { Kind, Kinds } from "../src/model/kinds"

function kind(key: string, title: string, more: Partial<Kind> = {}): Kind {
    const plain = { group: "flow", help: "", old_names: [], is_wait: false, is_end: false, is_join: false }
    return { key, title, ...plain, ...more }
}

export const KINDS: readonly Kind[] = [
    kind("start", "Start"),
    kind("condition", "Condition", { help: "People leave by true or by false.", old_names: ["If", "Data exists"] }),
    kind("switch", "Switch", { help: "Conditions are judged in their order." }),
    kind("join", "Join", { is_wait: true, is_join: true, old_names: ["Join"] }),
    kind("wait", "Wait", { is_wait: true, old_names: ["Sleep"] }),
    kind("email", "E-mail", { is_wait: true, help: "Writes to the person by a condition of yours." }),
    kind("set-fields", "Set fields", { old_names: ["Copy data"] }),
    kind("sub-flow", "Sub-flow", { is_wait: true }),
    kind("end", "End", { is_end: true }),
]

const PORTS: Readonly<Record<string, readonly string[]>> = {
    start: ["out"],
    condition: ["true", "false"],
    join: ["out"],
    wait: ["out", "error"],
    email: ["out", "capped", "refused", "error"],
    "set-fields": ["out"],
    "sub-flow": ["out", "stopped", "error"],
    end: [],
}

export const kinds: Kinds = {
    of: (key) => KINDS.find((each) => each.key === key),
    portsOf: ({ kind, settings }: NodePart) => {
        if (kind !== "switch") return PORTS[kind] ?? null
        const cases = isList(settings?.cases) ? settings.cases : []
        return [...cases.map((each) => (isObject(each) ? String(each.port) : "")), "else", "error"]
    },
}
