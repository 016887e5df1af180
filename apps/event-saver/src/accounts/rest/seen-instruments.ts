import type { Category, OrderEvent, PositionEvent } from '@grid/core-events'
import { isFlat } from './leg-book.ts'

/**
 * Remembers in what an account has or had something: the exchange may have delisted it since, or leave
 * it out of a list.
 */
export class SeenInstruments {
  readonly #linear = new Set<string>()
  readonly #optionCoins = new Set<string>()

  /** Linear contracts by name. */
  get linear(): ReadonlySet<string> {
    return this.#linear
  }

  /** Base coins of options. */
  get optionCoins(): ReadonlySet<string> {
    return this.#optionCoins
  }

  /**
   * Remembers what an account had before this process. A flat leg is none of a contract: once that is delisted, every
   * list of the present would be asked for it, for ever. Of options it names the coin, which histories are asked for.
   */
  notePast(legs: readonly PositionEvent[], orders: readonly OrderEvent[]): void {
    for (const leg of legs) if (leg.category === 'option' || !isFlat(leg)) this.note(leg)
    for (const order of orders) this.note(order)
  }

  /** Remembers the instrument of a position, an order or an execution. */
  note({ category, symbol }: { readonly category: Category; readonly symbol: string }): void {
    if (category === 'linear') this.#linear.add(symbol)
    if (category === 'option') this.#optionCoins.add(baseCoinOf(symbol))
  }
}

/** The base coin of an option; the names of options begin with it: `HYPE-26DEC25-40-C-USDT`. */
export function baseCoinOf(symbol: string): string {
  return symbol.split('-', 1)[0] ?? symbol
}
