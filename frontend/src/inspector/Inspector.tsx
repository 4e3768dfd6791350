// The form of what is selected: a node, an edge, a note, a group; or of the flow itself.

import { countedBoth } from "../deeds/desk"
import { edgeKey, nodeOf, noteOf, START } from "../model/definition"
import { groupById } from "../model/groups"
import { useEditor, useEditorState } from "../store/use_editor"
import { EdgeForm } from "./EdgeForm"
import { FlowForm } from "./FlowForm"
import { GroupForm } from "./GroupForm"
import { NodeForm } from "./NodeForm"
import { NoteForm } from "./NoteForm"

export function Inspector() {
    const { store } = useEditor()
    const { nodes, edges, notes, groups } = useEditorState((state) => state.selection)
    const definition = useEditorState((state) => state.definition)
    const n = nodes.size + notes.size + groups.size
    const [[id = ""], [key], [noteId = ""], [groupId = ""]] = [nodes, edges, notes, groups]
    const node = n === 1 ? nodeOf(definition, id) : undefined
    const note = n === 1 ? noteOf(definition, noteId) : undefined
    const group = n === 1 ? groupById(definition, groupId) : undefined
    const edge = n === 0 && edges.size === 1 ? definition.edges.find((each) => edgeKey(each) === key) : undefined
    const isOfFlow = (n === 0 && !edge) || node?.kind === START
    return (
        <section id="inspector" className="inspector nokey" tabIndex={-1} aria-label="Form of what is selected">
            <button type="button" className="inspector-close" aria-label="Close the form" onClick={() => store.select({})}>
                ×
            </button>
            {node && <NodeForm key={node.id} node={node} />}
            {edge && <EdgeForm key={edgeKey(edge)} edge={edge} />}
            {note && <NoteForm key={note.id} note={note} />}
            {group && <GroupForm key={group.id} group={group} />}
            {n > 1 && (
                <p className="help">
                    Selected: {countedBoth(nodes.size, notes.size) || "groups"}.{" "}
                    <button type="button" onClick={() => store.select({})}>
                        Select nothing
                    </button>
                </p>
            )}
            {isOfFlow && <FlowForm />}
        </section>
    )
}
