// Light or dark, as somebody chose it in the admin, whose theme keeps it here: for a page that has none of its scripts.
const systemIsDark = matchMedia("(prefers-color-scheme: dark)")

function chosenTheme() {
    try {
        return JSON.parse(localStorage.getItem("adminTheme")) ?? "auto"
    } catch {
        return "auto"
    }
}

function followTheme() {
    const theme = chosenTheme()
    document.documentElement.classList.toggle("dark", theme === "dark" || (theme === "auto" && systemIsDark.matches))
}

followTheme()
systemIsDark.addEventListener("change", followTheme)
addEventListener("storage", followTheme) // chosen in another tab
