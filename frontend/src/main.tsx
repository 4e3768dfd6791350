import "./app/editor.css"
import "./app/colors.css"
import "./app/overlays.css"
import "./app/panels.css"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "./app/App"
import { Opening } from "./app/Opening"
import { readBoot } from "./boot"
import "./app/small.css"

const root = document.getElementById("flow-editor")
if (root) {
    createRoot(root).render(
        <StrictMode>
            <Opening boot={readBoot()}>{(editor) => <App editor={editor} />}</Opening>
        </StrictMode>,
    )
}
