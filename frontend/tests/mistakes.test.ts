import { expect, test } from "vitest"
import { Refused } from "../src/server/api"
import { mistakesIn } from "../src/trying/mistakes"
import { ToldKinds, type Catalogue } from "../src/server/kinds"

const SCHEMA = { properties: { connection: { title: "Connection" } } }
const KINDS = new ToldKinds({ nodes: [{ key: "email", title: "E-mail", schema: SCHEMA }] } as unknown as Catalogue)
const DEFINITION = { nodes: [{ id: "m", kind: "email", name: "Welcome" }], edges: [] }

test("what keeps a draft from being tried names the field", () => {
    const errors = [
        { field: "m.settings.connection", message: "This has to be filled in." },
        { field: "edges", message: "Something else." },
    ]
    const refused = new Refused(422, "invalid", "This has to be filled in.", { errors })
    expect(mistakesIn(refused, { definition: DEFINITION, kinds: KINDS })).toBe(
        "Welcome, Connection: This has to be filled in. Something else.",
    )
    expect(mistakesIn(new Error(), { definition: DEFINITION, kinds: KINDS })).toBe("")
})
