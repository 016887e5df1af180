import { type Category, type Clock, nowMs } from '@grid/core-events'
import { SimError } from '../base/errors.ts'
import type { ExchangeRules } from '../base/rules.ts'
import { Desk } from './desk.ts'
import { instrumentOf } from './instrument.ts'
import { type AuctionPhase, type InstrumentStatus, preListingAt } from './listing.ts'

/** How an instrument is listed. */
export interface ListingSpec {
  /** Epoch milliseconds; by default a past time that follows from the name. */
  readonly launchTime?: number
  readonly status?: InstrumentStatus
}

/** The states of an instrument that trades no more. */
export type EndStatus = 'Delivering' | 'Closed'

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

  /** Adds an instrument, or lists one again; a pre-market contract becomes an ordinary one. */
  list(
    category: Category,
    symbol: string,
    { launchTime, status = 'Trading' }: ListingSpec = {},
  ): Desk {
    const known = this.find(category, symbol)
    if (known !== undefined) {
      known.listing.status = status
      known.listing.preListing = null
      known.showPreListing()
      return known
    }
    const instrument = instrumentOf(category, symbol, launchTime)
    const desk = new Desk(instrument, this.#seed, nowMs(this.#clock), this.#rules)
    desk.listing.status = status
    this.#desks.set(`${category} ${symbol}`, desk)
    return desk
  }

  /** Lets a contract be a pre-market one, in a phase that begins now. */
  preList(desk: Desk, phase: AuctionPhase, skipCallAuction: boolean): void {
    desk.listing.status = 'PreLaunch'
    desk.listing.preListing = preListingAt(phase, nowMs(this.#clock), skipCallAuction)
    desk.showPreListing()
  }

  /** Ends an instrument's trading; its subscriptions stay and get nothing. */
  delist(category: Category, symbol: string, status: EndStatus = 'Closed'): void {
    this.desk(category, symbol).listing.status = status
  }
}
