// What the admin's page tells the editor as it opens: see apps/flows/admin/editor_pages.py.

export interface Boot {
    readonly flow: { readonly id: string; readonly key: string; readonly name: string; readonly kind: string }
    /** Where the API is, with a slash at its end. */
    readonly api: string
    /** The name of the cookie that holds the token by which the server knows its own pages. */
    readonly csrfCookie: string
    readonly user: { readonly id: string; readonly name: string }
    readonly may: {
        readonly change: boolean
        readonly publish: boolean
        readonly seePeople: boolean
        readonly seeRuns: boolean
        readonly changeRuns: boolean
    }
    /** Pages of the admin; {id} stands for whose page it is. */
    readonly pages: {
        readonly signIn: string
        readonly flow: string
        readonly flows: string
        readonly form: string
        readonly person: string
        readonly run: string
        readonly flowByKey: string
    }
}

export const BOOT_ID = "flow-editor-boot"

/** Read what the page says. Raises an error where it says nothing. */
export function readBoot(): Boot {
    const text = document.getElementById(BOOT_ID)?.textContent
    if (!text) throw new Error(`The page has no element ${BOOT_ID}.`)
    return JSON.parse(text) as Boot
}
