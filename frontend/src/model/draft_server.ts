// What keeps drafts for all: what it has, and what it answers.

import type { Definition } from "./definition"
import type { JsonObject } from "./json"

/** Who has stored a draft, and when; the name is empty where nobody knows. */
export interface Author {
    readonly name: string
    readonly at: string | null
}

/** A draft as it is stored. */
export interface Stored {
    readonly document: JsonObject
    readonly revision: number
    readonly by: Author
}

/** Whoever draws is not signed in; `other` is who is in their place, empty where nobody is. */
export interface SignedOut {
    readonly is: "signed-out"
    readonly other: string
}

/** The server is there, and has no time: it is asked again, after so long where it says so. */
export class Away extends Error {
    constructor(
        message: string,
        readonly retryMs: number | null,
    ) {
        super(message)
    }
}

/** What the server answers; it rejects where nobody knows whether it has stored anything. */
export type Answer =
    | { readonly is: "saved"; readonly revision: number }
    /** Somebody else was quicker, and has stored this. */
    | { readonly is: "changed"; readonly stored: Stored }
    | SignedOut
    /** It is stored by no other try, unless somebody is given the permission meanwhile. */
    | { readonly is: "refused"; readonly message: string; readonly mayPass: boolean }
    | { readonly is: "gone" }

export type Loaded =
    | { readonly is: "loaded"; readonly stored: Stored }
    | SignedOut
    | { readonly is: "gone" }

export interface Server {
    /** Store a draft that was made of this revision. */
    save(definition: Definition, revision: number): Promise<Answer>
    load(): Promise<Loaded>
}
