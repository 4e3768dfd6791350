import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { defineConfig } from "vite"

// Built among the static files, from where Django collects it like all others; git ignores the folder. The page finds
// the names, which have hashes, in the manifest: see apps/flows/admin/editor_build.py.
export default defineConfig({
    base: "./", // wherever static files are
    build: {
        outDir: "../static/editor",
        emptyOutDir: true,
        manifest: "manifest.json",
        assetsInlineLimit: 0, // the page's policy of contents knows no data: but of pictures
        modulePreload: { polyfill: false }, // it would be a script in the page
        target: "es2022",
        rolldownOptions: { input: "src/main.tsx" },
    },
    plugins: [
        {
            name: "says-of-what-it-is-built",
            generateBundle() {
                this.emitFile({ type: "asset", fileName: "sources.txt", source: digest() })
            },
        },
    ],
})

/** Digest what it is built of; the page does so, too, and shows no editor that was built of something else. */
function digest(): string {
    const found = readdirSync("src", { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
    const names = ["package-lock.json", ...found.map(({ parentPath, name }) => `${parentPath}/${name}`)].sort()
    const hash = createHash("sha256")
    for (const name of names) hash.update(`${name}\0`).update(readFileSync(name)).update("\0")
    return hash.digest("hex")
}
