import { describe, expect, test } from "vitest"
import { COMMANDS, commandOf, foundCommands } from "../src/app/commands"
import { chordOf, written, type Pressed } from "../src/app/keys"

function pressed(key: string, more: Partial<Pressed> = {}): Pressed {
    const plain = { code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false }
    return { key, ...plain, ...more }
}

describe("the table of commands", () => {
    test("no key means two things, and no id is there twice", () => {
        const keys = COMMANDS.flatMap((command) => command.keys)
        expect(keys.filter((key, at) => keys.indexOf(key) < at)).toEqual([])
        const ids = COMMANDS.map((command) => command.id)
        expect(ids.filter((id, at) => ids.indexOf(id) < at)).toEqual([])
    })

    test("keys are written as they are read", () => {
        const form = /^(Mod\+)?(Alt\+)?(Shift\+)?([A-Z0-9]|F\d+|[A-Z][A-Za-z]+|[^A-Za-z0-9])$/
        expect(COMMANDS.flatMap((command) => command.keys).filter((key) => !form.test(key))).toEqual([])
    })

    test("letters alone are heard on the board only, where they are not typed", () => {
        const letters = COMMANDS.filter(({ keys }) => keys.some((key) => /^(Shift\+)?[^+]$/.test(key)))
        expect(letters.filter(({ scope }) => scope === "anywhere").map(({ id }) => id)).toEqual([])
    })
})

describe("a key", () => {
    test("is called the same on all machines", () => {
        expect(chordOf(pressed("z", { ctrlKey: true }), false)).toBe("Mod+Z")
        expect(chordOf(pressed("z", { metaKey: true }), true)).toBe("Mod+Z")
        expect(chordOf(pressed("z", { ctrlKey: true }), true)).toBe("Other+Z")
        expect(chordOf(pressed("Z", { metaKey: true, shiftKey: true }), true)).toBe("Mod+Shift+Z")
    })

    test("is a sign however that is written", () => {
        expect(chordOf(pressed("?", { shiftKey: true }), false)).toBe("?")
        expect(chordOf(pressed("+", { shiftKey: true }), false)).toBe("+")
        expect(chordOf(pressed("+"), false)).toBe("+")
        expect(chordOf(pressed(" "), false)).toBe("Space")
    })

    test("with Alt is the one that was pressed", () => {
        expect(chordOf(pressed("ˇ", { altKey: true, shiftKey: true, code: "KeyT" }), true)).toBe("Alt+Shift+T")
    })

    test("that only changes others is none", () => {
        expect(chordOf(pressed("Shift", { shiftKey: true }), false)).toBe("")
    })

    test("is shown as it stands on the keyboard", () => {
        expect(written("Mod+Shift+Z", false)).toBe("Ctrl+Shift+Z")
        expect(written("Mod+Shift+Z", true)).toBe("⌘⇧Z")
        expect(written("+", false)).toBe("+")
        expect(written("ArrowDown", false)).toBe("↓")
    })
})

describe("a key means a command", () => {
    test("where that is heard", () => {
        expect(commandOf("C", "canvas", false)?.id).toBe("connect")
        expect(commandOf("C", "board", false)?.id).toBe("connect")
        expect(commandOf("C", "anywhere", false)).toBeNull()
        expect(commandOf("Tab", "board", false)).toBeNull()
        expect(commandOf("Mod+Z", "anywhere", false)?.id).toBe("undo")
    })

    test("but not while somebody types", () => {
        expect(commandOf("Mod+Z", "anywhere", true)).toBeNull()
        expect(commandOf("Delete", "canvas", true)).toBeNull()
        expect(commandOf("Mod+K", "anywhere", true)?.id).toBe("commands")
    })

    test("nor where the clipboard says it itself", () => {
        expect(commandOf("Mod+C", "canvas", false)).toBeNull()
    })
})

test("a command is found by words of its title, first the one that is called just so", () => {
    const titles = (wanted: string) => foundCommands(wanted).map(({ title }) => title)
    expect(titles("draw")).toEqual(["Draw", "Drawing or list"])
    expect(titles("all select")).toEqual(["Select all"])
    expect(titles("")).toHaveLength(COMMANDS.length)
})
