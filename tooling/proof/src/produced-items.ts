import type { Instrument, InstrumentItems, Produced } from './channels/channel-comparison.ts'

interface Items {
  readonly instrument: Instrument
  readonly byId: Map<string, Produced>
}

/** The items of the truth by kind, instrument and id. */
export class ProducedItems {
  readonly #kinds = new Map<Produced['kind'], Map<string, Items>>()

  add(item: Produced, id: string): void {
    const { kind, category, symbol } = item
    const instruments = this.#kinds.get(kind) ?? new Map<string, Items>()
    this.#kinds.set(kind, instruments)
    const name = nameOf(item)
    const items = instruments.get(name) ?? { instrument: { category, symbol }, byId: new Map() }
    instruments.set(name, items)
    items.byId.set(id, item)
  }

  /** The instruments that have items of a kind, each with these items. */
  instruments(kind: Produced['kind']): Iterable<Items> {
    return this.#kinds.get(kind)?.values() ?? []
  }

  /** The items of one instrument. */
  of(instrument: Instrument): InstrumentItems {
    return {
      of: <Kind extends Produced['kind']>(kind: Kind) => {
        const byId = this.#kinds.get(kind)?.get(nameOf(instrument))?.byId
        // Sound: `add` sorts items by their kind.
        return (byId?.values() ?? []) as Iterable<Extract<Produced, { kind: Kind }>>
      },
    }
  }
}

function nameOf({ category, symbol }: Instrument): string {
  return `${category} ${symbol}`
}
