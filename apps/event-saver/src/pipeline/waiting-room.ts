/** How many places at the front may be empty before the arrays are cut. */
const SLACK = 4096

/** When an item arrived, where it is in the journal, and how large it is. */
export interface Arrival {
  /** Epoch microseconds. */
  readonly timeUs: number
  /** The journal's record that holds it. */
  readonly position: number
  /** About how many: the frame's bytes divided among its items. */
  readonly bytes: number
}

/** A first-in, first-out queue that remembers the arrival of its items. */
export class WaitingRoom<Item> {
  #items: Item[] = []
  #timesUs: number[] = []
  #positions: number[] = []
  #sizes: number[] = []
  #head = 0
  #bytes = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  /** Bytes of all items. */
  get bytes(): number {
    return this.#bytes
  }

  /** The arrival of the oldest item; null when there is none. */
  get oldest(): Arrival | null {
    const timeUs = this.#timesUs[this.#head]
    const position = this.#positions[this.#head]
    const bytes = this.#sizes[this.#head]
    if (timeUs === undefined || position === undefined || bytes === undefined) return null
    return { timeUs, position, bytes }
  }

  push(item: Item, arrival: Arrival): void {
    this.#items.push(item)
    this.#timesUs.push(arrival.timeUs)
    this.#positions.push(arrival.position)
    this.#sizes.push(arrival.bytes)
    this.#bytes += arrival.bytes
  }

  /**
   * Removes the oldest items and gives them in order: at most `count` items and `maxBytes` bytes, but
   * at least one item.
   */
  take(count: number, maxBytes = Number.POSITIVE_INFINITY): Item[] {
    const end = Math.min(this.#head + count, this.#items.length)
    let next = this.#head
    for (let bytes = 0; next < end; next++) {
      const size = this.#sizes[next] ?? 0
      if (next > this.#head && bytes + size > maxBytes) break
      bytes += size
      this.#bytes -= size
    }
    const taken = this.#items.slice(this.#head, next)
    this.#head += taken.length
    if (this.#head === this.#items.length || this.#head > SLACK) {
      this.#items = this.#items.slice(this.#head)
      this.#timesUs = this.#timesUs.slice(this.#head)
      this.#positions = this.#positions.slice(this.#head)
      this.#sizes = this.#sizes.slice(this.#head)
      this.#head = 0
    }
    return taken
  }
}
