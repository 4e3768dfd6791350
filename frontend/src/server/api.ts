// The API of the platform, by the session of whoever is signed in at the admin.

import type { Boot } from "../boot"
import { Away } from "../model/draft_server"
import { isObject, type Json, type JsonObject } from "../model/json"

const TIMEOUT_MS = 20_000
/** The server had no time for it: the same is heard later. */
const PASSING: readonly number[] = [408, 425, 429]
const OTHER_USER = "other_user"

/** The server has refused something, and says why. */
export class Refused extends Error {
    constructor(
        readonly status: number,
        readonly code: string,
        message: string,
        readonly body: JsonObject,
    ) {
        super(message)
    }

    /** Whether whose page this is is not signed in any more: nobody is, or somebody else. */
    get isSignedOut(): boolean {
        return this.status === 401 || this.code === OTHER_USER
    }
}

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE"

export class Api {
    constructor(private readonly boot: Boot) {}

    /** Address something of the flow that is edited. */
    ofFlow(path = ""): string {
        return `flows/${encodeURIComponent(this.boot.flow.key)}${path && `/${path}`}`
    }

    /** Ask the server, as who has opened the page. Raises Refused where it refuses, Away where it shall be asked again,
     * and another error where nobody knows whether it was heard. */
    async ask<T>(method: Method, path: string, body?: JsonObject, signal?: AbortSignal): Promise<T> {
        const timeout = AbortSignal.timeout(TIMEOUT_MS)
        const answer = await fetch(this.boot.api + path, {
            method,
            credentials: "same-origin",
            headers: {
                Accept: "application/json",
                "X-As-User": this.boot.user.id,
                ...(body && { "Content-Type": "application/json" }),
                ...(method !== "GET" && { "X-CSRFToken": cookie(this.boot.csrfCookie) }),
            },
            ...(body && { body: JSON.stringify(body) }),
            signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        })
        const text = await answer.text()
        if (answer.ok) return (text ? JSON.parse(text) : null) as T
        throw refusalOf(answer.status, text, secondsOf(answer.headers.get("Retry-After")))
    }
}

/** Read an error of the API: {code, message, field, errors}. A proxy may have answered with a page of its own. */
function refusalOf(status: number, text: string, retrySecs: number | null): Error {
    const body = parsed(text)
    if (status >= 500 || PASSING.includes(status) || !body) {
        return new Away(`The server answered ${status}.`, retrySecs === null ? null : 1_000 * retrySecs)
    }
    return new Refused(status, String(body.code ?? ""), String(body.message ?? ""), body)
}

/** Read how long to wait, in seconds or until a date; null where nothing is said. */
function secondsOf(retryAfter: string | null): number | null {
    if (!retryAfter) return null
    const secs = Number(retryAfter)
    const found = Number.isNaN(secs) ? (Date.parse(retryAfter) - Date.now()) / 1_000 : secs
    return Number.isFinite(found) ? Math.max(found, 0) : null
}

function parsed(text: string): JsonObject | null {
    try {
        const found = JSON.parse(text) as Json
        return isObject(found) ? found : null
    } catch {
        return null
    }
}

/** The cookie is read anew each time: another tab may have signed in again. */
function cookie(name: string): string {
    const found = document.cookie.split("; ").find((each) => each.startsWith(`${name}=`))
    return found ? decodeURIComponent(found.slice(name.length + 1)) : ""
}
