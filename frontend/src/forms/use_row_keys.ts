import { useRef } from "react"

/** Keys of rows that stay with them as they move; what is typed in a row is none, for an input is drawn anew with another key. */
export class RowKeys {
    private keys: readonly number[] = []
    private last = 0

    /** Return a key for each row. */
    of(count: number): readonly number[] {
        const added = Array.from({ length: Math.max(0, count - this.keys.length) }, () => ++this.last)
        this.keys = [...this.keys.slice(0, count), ...added]
        return this.keys
    }

    swapped(at: number, other: number): void {
        this.keys = this.keys.map((key, nth) => this.keys[nth === at ? other : nth === other ? at : nth] ?? key)
    }

    removed(at: number): void {
        this.keys = this.keys.filter((_, nth) => nth !== at)
    }
}

export function useRowKeys(): RowKeys {
    const keys = useRef<RowKeys | null>(null)
    return (keys.current ??= new RowKeys())
}
