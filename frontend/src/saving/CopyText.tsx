import { textOf, type Definition } from "../model/definition"

interface Props {
    readonly definition: Definition
    readonly className?: string
}

/** Takes a draft elsewhere: the form of a flow takes its text. */
export function CopyText({ definition, className }: Props) {
    return (
        <button type="button" className={className} onClick={() => void navigator.clipboard.writeText(textOf(definition))}>
            Copy yours as text
        </button>
    )
}
