/** How many leading places may be empty before the arrays are cut. */
const SLACK = 4096

/** When an item came, and where it stands in the journal. */
export interface Arrival {
  /** Epoch microseconds. */
  readonly timeUs: number
  readonly position: number
}

/** A first-in, first-out queue that remembers the arrival of its items. */
export class WaitingRoom<Item> {
  #items: Item[] = []
  #timesUs: number[] = []
  #positions: number[] = []
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  /** The arrival of the oldest item; null when there is none. */
  get oldest(): Arrival | null {
    const timeUs = this.#timesUs[this.#head]
    const position = this.#positions[this.#head]
    return timeUs === undefined || position === undefined ? null : { timeUs, position }
  }

  push(item: Item, arrival: Arrival): void {
    this.#items.push(item)
    this.#timesUs.push(arrival.timeUs)
    this.#positions.push(arrival.position)
  }

  /** Removes and gives at most `count` items, oldest first. */
  take(count: number): Item[] {
    const taken = this.#items.slice(this.#head, this.#head + count)
    this.#head += taken.length
    if (this.#head === this.#items.length || this.#head > SLACK) {
      this.#items = this.#items.slice(this.#head)
      this.#timesUs = this.#timesUs.slice(this.#head)
      this.#positions = this.#positions.slice(this.#head)
      this.#head = 0
    }
    return taken
  }
}
