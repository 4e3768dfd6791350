// Why a draft cannot be tried: which fields of which nodes are wrong.

import { fieldsOf } from "../forms/schema"
import { nodeOf, type Definition } from "../model/definition"
import { isList, isObject, type Json } from "../model/json"
import { titleOf } from "../model/kinds"
import { Refused } from "../server/api"
import type { ToldKinds } from "../server/kinds"

interface Drawn {
    readonly definition: Definition
    readonly kinds: ToldKinds
}

/** Name the fields with which the server finds fault, a sentence each; empty where it says of no field. */
export function mistakesIn(failure: unknown, drawn: Drawn): string {
    if (!(failure instanceof Refused) || !isList(failure.body.errors)) return ""
    return failure.body.errors.flatMap((each) => sentence(each, drawn)).join(" ")
}

/** Of a field such as mail.settings.connection. */
function sentence(error: Json, { definition, kinds }: Drawn): readonly string[] {
    if (!isObject(error) || typeof error.field !== "string" || typeof error.message !== "string") return []
    const [id = "", part, name = ""] = error.field.split(".")
    const node = part === "settings" ? nodeOf(definition, id) : undefined
    if (!node) return [error.message]
    const field = fieldsOf(kinds.of(node.kind)?.schema ?? {}).find((each) => each.name === name)
    return [`${titleOf(node, kinds)}, ${field?.title ?? name}: ${error.message}`]
}
