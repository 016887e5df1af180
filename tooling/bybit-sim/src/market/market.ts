import { type Category, type Clock, nowMs } from '@grid/core-events'
import { SimError } from '../base/errors.ts'
import type { ExchangeRules } from '../base/rules.ts'
import { Desk } from './desk.ts'
import { instrumentOf } from './instrument.ts'

/** All instruments that are or were listed. */
export class Market {
  readonly #clock: Clock
  readonly #seed: string
  readonly #rules: ExchangeRules
  readonly #desks = new Map<string, Desk>()

  constructor(options: {
    /** The exchange's own clock. */
    clock: Clock
    seed: number
    rules: ExchangeRules
  }) {
    this.#clock = options.clock
    this.#seed = String(options.seed)
    this.#rules = options.rules
  }

  /** The instruments of a category, delisted ones among them, in the order of listing. */
  desks(category: Category): Desk[] {
    return [...this.#desks.values()].filter((desk) => desk.instrument.category === category)
  }

  /** Throws `SIM_BAD_INPUT` when there is no such instrument. */
  desk(category: Category, symbol: string): Desk {
    const desk = this.find(category, symbol)
    if (desk !== undefined) return desk
    throw new SimError('SIM_BAD_INPUT', `there is no ${category} symbol ${symbol} here`)
  }

  find(category: Category, symbol: string): Desk | undefined {
    return this.#desks.get(`${category} ${symbol}`)
  }

  /** Adds an instrument, or lets a delisted one trade again. */
  list(category: Category, symbol: string, launchTime?: number): Desk {
    const known = this.find(category, symbol)
    if (known !== undefined) {
      known.isListed = true
      return known
    }
    const instrument = instrumentOf(category, symbol, launchTime)
    const desk = new Desk(instrument, this.#seed, nowMs(this.#clock), this.#rules)
    this.#desks.set(`${category} ${symbol}`, desk)
    return desk
  }

  /** Ends an instrument's trading; its subscriptions stay and get nothing. */
  delist(category: Category, symbol: string): void {
    this.desk(category, symbol).isListed = false
  }
}
