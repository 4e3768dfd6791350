// Keys by name, the same on all machines: "Mod" is Ctrl, and on a Mac the command key.

export const IS_MAC = /mac|iphone|ipad/i.test(globalThis.navigator?.platform ?? "")

export interface Pressed {
    readonly key: string
    readonly code: string
    readonly ctrlKey: boolean
    readonly metaKey: boolean
    readonly altKey: boolean
    readonly shiftKey: boolean
}

/** Name what was pressed: Mod+Shift+Z, Alt+Shift+T, ArrowDown, ?. Empty for a modifier alone. */
export function chordOf(pressed: Pressed, isMac = IS_MAC): string {
    const { key, code, altKey } = pressed
    if (["Control", "Meta", "Alt", "Shift", "Dead", "Unidentified", "Process"].includes(key)) return ""
    const [isMod, isOther] = isMac ? [pressed.metaKey, pressed.ctrlKey] : [pressed.ctrlKey, pressed.metaKey]
    // With Alt, some keyboards write other letters.
    const letter = altKey && code.startsWith("Key") ? code.slice(3) : key
    const isLetter = /^\p{L}$/u.test(letter)
    const isSign = letter.length === 1 && !isLetter && letter !== " "
    const name = letter === " " ? "Space" : isLetter ? letter.toUpperCase() : letter
    // How a sign is written is another matter on each keyboard.
    const isShift = pressed.shiftKey && !isSign
    return [isMod && "Mod", isOther && "Other", altKey && "Alt", isShift && "Shift", name].filter(Boolean).join("+")
}

const SIGNS: Readonly<Record<string, string>> = {
    ArrowUp: "↑",
    ArrowDown: "↓",
    ArrowLeft: "←",
    ArrowRight: "→",
    Escape: "Esc",
    Delete: "Del",
    ContextMenu: "Menu",
}

/** Write a key as it stands on the keyboard. */
export function written(chord: string, isMac = IS_MAC): string {
    const modifier: Readonly<Record<string, string>> = isMac
        ? { Mod: "⌘", Alt: "⌥", Shift: "⇧" }
        : { Mod: "Ctrl", Alt: "Alt", Shift: "Shift" }
    const parts = chord === "+" ? ["+"] : chord.split("+")
    return parts.map((part) => modifier[part] ?? SIGNS[part] ?? part).join(isMac ? "" : "+")
}

/** Whether what is typed there belongs to a field. */
export function isField(target: EventTarget | null): boolean {
    if (!(target instanceof HTMLElement)) return false
    return target.isContentEditable || target.matches("input, textarea, select") || target.closest("cdp-condition") !== null
}
