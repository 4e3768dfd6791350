// Where something cannot be drawn, the page is not empty: what was done is saved all the same, and can be taken along.

import { Component, type ReactNode } from "react"
import { CopyText } from "../saving/CopyText"
import { SaveStatus } from "../saving/SaveStatus"
import { useEditor, useEditorState } from "../store/use_editor"

interface Props {
    readonly children: ReactNode
}

/** Shows something, or what can be done about it where drawing it fails. React has no other way to learn of that. */
export class Guarded extends Component<Props, { readonly hasFailed: boolean }> {
    override readonly state = { hasFailed: false }

    static getDerivedStateFromError() {
        return { hasFailed: true }
    }

    override render(): ReactNode {
        return this.state.hasFailed ? <Failed /> : this.props.children
    }
}

function Failed() {
    const { boot } = useEditor()
    const definition = useEditorState((state) => state.definition)
    return (
        <div className="opening">
            <p role="alert">
                Something here cannot be shown: that is a mistake of the editor, and none of yours. Your draft is not
                lost, and it is still being saved.
            </p>
            <SaveStatus />
            <p className="row">
                <a className="cdp-link" href={window.location.href}>
                    Load the page again
                </a>
                <CopyText className="cdp-link" definition={definition} />
                <a className="cdp-link" href={boot.pages.form}>
                    Edit it as text
                </a>
            </p>
        </div>
    )
}
