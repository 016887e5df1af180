import type { Channel, GridEvent } from '@grid/core-events'

/** Most keys that are counted by name, so that a faulty exchange cannot fill the memory with them. */
const MOST_KEYS = 200
const OTHERS = '(others)'

/** How often messages had a key that this version does not know. */
export interface UnknownKeyCount {
  readonly channel: Channel
  readonly key: string
  readonly seen: number
}

/** Counts the keys that this version does not know and that events keep in `extra`. */
export class UnknownKeys {
  readonly #counts = new Map<string, { channel: Channel; key: string; seen: number }>()

  /** Counts the unknown keys of an event; most have none. */
  note(event: GridEvent): void {
    if (!('extra' in event) || event.extra === null) return
    for (const key of Object.keys(event.extra)) this.#count(event.channel, key)
  }

  /** All counts so far. */
  get counts(): readonly UnknownKeyCount[] {
    return [...this.#counts.values()].map((count) => ({ ...count }))
  }

  #count(channel: Channel, key: string): void {
    const known = this.#counts.get(`${channel} ${key}`)
    if (known !== undefined) known.seen += 1
    else if (this.#counts.size < MOST_KEYS || key === OTHERS) {
      this.#counts.set(`${channel} ${key}`, { channel, key, seen: 1 })
    } else this.#count(channel, OTHERS)
  }
}
