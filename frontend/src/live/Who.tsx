// Who is at the node, or went along the edge, that is selected.

import { useState } from "react"
import { edgeKey, nodeOf, portOf, type Definition } from "../model/definition"
import { titleOf } from "../model/kinds"
import { useEditorState } from "../store/use_editor"
import { RunShown } from "./RunShown"
import { Runs } from "./Runs"

type Wanted = "live" | "failed"

interface Props {
    readonly version: number
    readonly definition: Definition
    /** When it was counted last: who is where is looked at again, too. */
    readonly countedAt: string
}

export function Who(props: Props) {
    const [run, setRun] = useState<string | null>(null)
    return (
        <>
            {run && <RunShown id={run} onBack={() => setRun(null)} back={props.definition} />}
            <div hidden={run !== null}>
                <WhoListed {...props} onRun={setRun} />
            </div>
        </>
    )
}

function WhoListed({ version, definition, countedAt, onRun }: Props & { readonly onRun: (id: string) => void }) {
    const { nodes, edges } = useEditorState((state) => state.selection)
    const kinds = useEditorState((state) => state.kinds)
    const [wanted, setWanted] = useState<Wanted>("live")
    const [id] = nodes
    const [key] = edges
    const node = id === undefined ? undefined : nodeOf(definition, id)
    const edge = definition.edges.find((each) => edgeKey(each) === key)
    if (node) {
        const query = `node=${encodeURIComponent(node.id)}&version=${version}`
        return (
            <section aria-label="Who">
                <h3>{titleOf(node, kinds)}</h3>
                <select aria-label="Who" value={wanted} onChange={(event) => setWanted(event.target.value as Wanted)}>
                    <option value="live">who is here now</option>
                    <option value="failed">whose run failed here</option>
                </select>
                <Runs
                    key={`${query} ${wanted}`}
                    query={`${query}&status=${wanted}`}
                    node={wanted === "live" ? node.id : null}
                    version={version}
                    countedAt={countedAt}
                    onRun={onRun}
                />
            </section>
        )
    }
    if (edge) {
        const query = `node=${encodeURIComponent(edge.from)}&port=${encodeURIComponent(portOf(edge))}&version=${version}`
        return (
            <section aria-label="Who">
                <h3>Who went along this edge</h3>
                <Runs key={query} query={query} node={null} version={version} countedAt={countedAt} onRun={onRun} />
            </section>
        )
    }
    return (
        <section aria-label="Who">
            <p className="help">Click a node or an edge to see who. These entered last:</p>
            <Runs key={`version ${version}`} query={`version=${version}`} node={null} version={version} countedAt={countedAt} onRun={onRun} />
        </section>
    )
}
