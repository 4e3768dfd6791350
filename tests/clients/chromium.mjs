// Unpacks Chromium into node_modules/.chromium, with the libraries and fonts that a bare machine lacks.
import { mkdirSync, writeFileSync } from "node:fs"

const folder = new URL("node_modules/.chromium/", import.meta.url).pathname
mkdirSync(folder, { recursive: true })
process.env.TMPDIR = folder // where the package unpacks to
process.env.AWS_EXECUTION_ENV = "nodejs22.x" // the system whose libraries it brings
const { default: chromium } = await import("@sparticuz/chromium")
await chromium.executablePath()

writeFileSync(
  `${folder}fonts.conf`,
  `<?xml version="1.0"?>
<fontconfig>
  <dir>${folder}fonts</dir>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
</fontconfig>
`,
)
