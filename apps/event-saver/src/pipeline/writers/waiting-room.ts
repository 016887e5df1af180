/** How many places at the front may be empty before the arrays are cut. */
const SLACK = 4096

/** When an item arrived, where it is in the journal, and how large it is. One for all items of a frame. */
export interface Arrival {
  /** Epoch microseconds. */
  readonly timeUs: number
  /**
   * The journal's record that holds it. What is in no record, such as a row of a reply, has the place after the
   * newest record: everything before it may be settled while it waits.
   */
  readonly position: number
  /** About how many: the frame's bytes divided among its items. */
  readonly bytes: number
  /** Whether it is in memory alone: the journal does not hold it. Default false. */
  readonly isUnkept?: boolean
}

/** Items with their arrivals, in order. */
export interface Batch<Item> {
  readonly items: Item[]
  readonly arrivals: readonly Arrival[]
}

/** A first-in, first-out queue that remembers the arrival of its items. */
export class WaitingRoom<Item> {
  #items: Item[] = []
  #arrivals: Arrival[] = []
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
    return this.#arrivals[this.#head] ?? null
  }

  push(item: Item, arrival: Arrival): void {
    this.#items.push(item)
    this.#arrivals.push(arrival)
    this.#bytes += arrival.bytes
  }

  /**
   * Removes the oldest items and gives them in order: at most `count` items and `maxBytes` bytes, but
   * at least one item.
   */
  take(count: number, maxBytes: number = Number.POSITIVE_INFINITY): Batch<Item> {
    const end = Math.min(this.#head + count, this.#items.length)
    let next = this.#head
    for (let bytes = 0; next < end; next++) {
      const size = this.#arrivals[next]?.bytes ?? 0
      if (next > this.#head && bytes + size > maxBytes) break
      bytes += size
      this.#bytes -= size
    }
    const items = this.#items.slice(this.#head, next)
    const arrivals = this.#arrivals.slice(this.#head, next)
    this.#head = next
    if (this.#head === this.#items.length || this.#head > SLACK) {
      this.#items = this.#items.slice(this.#head)
      this.#arrivals = this.#arrivals.slice(this.#head)
      this.#head = 0
    }
    return { items, arrivals }
  }
}
