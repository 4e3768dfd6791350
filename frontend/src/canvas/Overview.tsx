// The whole flow in small, in a corner of the drawing: it can be folded away.

import { MiniMap, useStore } from "@xyflow/react"
import { useState } from "react"
import type { Drawn } from "./use_drawn"

const KEPT = "cdp-flow-editor-overview"
/** On a drawing that is less wide it would lie on what is drawn. */
const LEAST_WIDTH = 1100

export function Overview() {
    const hasRoom = useStore(({ width }) => width >= LEAST_WIDTH)
    const [isFolded, setFolded] = useState(() => localStorage.getItem(KEPT) === "folded")
    if (!hasRoom) return null
    const fold = () => {
        localStorage.setItem(KEPT, isFolded ? "open" : "folded")
        setFolded(!isFolded)
    }
    return (
        <>
            {!isFolded && <MiniMap<Drawn> pannable zoomable ariaLabel={null} nodeClassName={miniClass} />}
            <button type="button" className="overview-fold nokey" aria-expanded={!isFolded} title={isFolded ? "Show the map" : "Hide the map"} onClick={fold}>
                {isFolded ? "Map" : "×"}
                {!isFolded && <span className="unseen"> Hide the map</span>}
            </button>
        </>
    )
}

function miniClass(node: Drawn): string {
    if (node.type !== "card") return `mini-${node.type}`
    return `mini-${node.data.mark && !node.data.mark.isWarning ? "problem" : node.data.group}`
}
