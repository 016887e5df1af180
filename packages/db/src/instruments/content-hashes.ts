import { hash } from 'node:crypto'
import { type Instrument, instrumentToJson, type JsonValue } from '@grid/core-events'

/**
 * The hashes of what is said about instruments: equal for the same, in whatever order of keys.
 *
 * It remembers the newest of each instrument, because a list is read again and again and rarely says
 * anything new: to hash three thousand options anew each time would hold up the process.
 */
export class ContentHashes {
  /** By category, those of its newest list alone: options come and go for ever. */
  readonly #newest = new Map<string, ReadonlyMap<string, Known>>()

  /** How many instruments are remembered. */
  get size(): number {
    return [...this.#newest.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** The hashes of a list, by symbol. */
  of(category: string, instruments: Iterable<Instrument>): ReadonlyMap<string, string> {
    const before = this.#newest.get(category)
    const newest = new Map<string, Known>()
    for (const instrument of instruments) {
      const { symbol } = instrument
      const text = JSON.stringify(instrument)
      const known = before?.get(symbol)
      newest.set(symbol, known?.text === text ? known : { text, hash: hashOf(instrument) })
    }
    this.#newest.set(category, newest)
    return new Map([...newest].map(([symbol, known]) => [symbol, known.hash]))
  }
}

/** What an instrument was said to be, and its hash. */
interface Known {
  readonly text: string
  readonly hash: string
}

function hashOf(instrument: Instrument): string {
  return hash('sha256', canonicalText(instrumentToJson(instrument)), 'hex').slice(0, 32)
}

function canonicalText(value: JsonValue): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
