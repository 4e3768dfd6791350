// Who has saved a draft, and when, in words: somebody else, or oneself in another tab.

import type { Boot } from "../boot"
import type { Author } from "../model/draft_server"
import type { Choice } from "../model/merge"

const DAY_MS = 24 * 60 * 60 * 1_000

/** Say who it was, as a sentence begins. */
export function whoIs({ name }: Author, boot: Boot): string {
    return isSelf(name, boot) ? "Another tab of yours" : name || "Somebody else"
}

/** Say when it was: " at 14:05", with the day unless it was within one; empty where nobody knows. */
export function timeOf({ at }: { readonly at: string | number | null }): string {
    if (at === null) return ""
    const time = new Date(at)
    if (Date.now() - time.getTime() < DAY_MS) return ` at ${time.toLocaleTimeString([], { timeStyle: "short" })}`
    return ` on ${time.toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}`
}

/** Name what one can choose between, of one thing and of all. */
export function sidesOf({ name }: Author, boot: Boot): Readonly<Record<Choice, { readonly one: string; readonly all: string }>> {
    if (isSelf(name, boot)) {
        return {
            mine: { one: "This tab", all: "All of this tab" },
            theirs: { one: "The other tab", all: "All of the other tab" },
        }
    }
    const whose = name ? `${name}’s` : "Theirs"
    return { mine: { one: "Mine", all: "All of mine" }, theirs: { one: whose, all: `All of ${name ? whose : "theirs"}` } }
}

function isSelf(name: string, boot: Boot): boolean {
    return name === boot.user.name
}
