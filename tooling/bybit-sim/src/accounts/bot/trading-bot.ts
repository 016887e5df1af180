import type { Category, Clock } from '@grid/core-events'
import { SimError } from '../../base/errors.ts'
import { Pacer } from '../../base/pacer.ts'
import type { Random } from '../../base/random.ts'
import type { Desk } from '../../market/desk.ts'
import type { Floor } from '../floor/floor.ts'
import { payFunding } from '../floor/forced.ts'
import type { Account } from '../holdings/account.ts'
import { BOT_ACTIONS, type BotScene, TOTAL_WEIGHT } from './bot-actions.ts'

/** How a bot trades; everything has a default. */
export interface TradingBotSpec {
  /** The accounts to trade for. Default: all. */
  readonly uids?: readonly string[]
  /** Default `linear`. */
  readonly category?: Category
  /** Default: the first four of the category. */
  readonly symbols?: readonly string[]
  /** Executions a second, for all accounts together. Default 50. */
  readonly fillsPerSecond?: number
}

const STEP_MS = 10
const DEFAULT_SYMBOLS = 4
const DEFAULT_RATE = 50
/** Actions that a step may try: many of them, such as amendments, give no execution. */
const MAX_TRIES = 40
/** How often several actions happen as one event. */
const TOGETHER = 0.15
const FUNDING_EVERY_STEPS = 2000
/** 0.0001, the usual rate. */
const FUNDING_RATE = 100_000_000n

/**
 * Trades for accounts at a steady rate: orders that fill at once, fill in part, rest, are amended, or
 * are cancelled, sometimes too late; conditional orders, refusals, liquidations, funding, transfers,
 * and messages that come twice. The seed decides what it does; prices are the market's.
 */
export class TradingBot {
  readonly #floor: Floor
  readonly #random: Random
  readonly #accounts: readonly Account[]
  readonly #desks: readonly Desk[]
  readonly #rate: number
  readonly #pacer: Pacer
  /** Executions that are due; negative when more were made than were due. */
  #due = 0

  /** Throws `SIM_BAD_INPUT` when there are no accounts or no symbols. */
  constructor(options: { floor: Floor; clock: Clock; random: Random; spec: TradingBotSpec }) {
    const { floor, spec } = options
    const category = spec.category ?? 'linear'
    this.#floor = floor
    this.#random = options.random
    this.#accounts = spec.uids?.map((uid) => floor.account(uid)) ?? floor.accounts
    this.#desks =
      spec.symbols?.map((symbol) => floor.market.desk(category, symbol)) ??
      floor.market.desks(category).slice(0, DEFAULT_SYMBOLS)
    this.#rate = spec.fillsPerSecond ?? DEFAULT_RATE
    if (this.#accounts.length === 0 || this.#desks.length === 0 || !(this.#rate >= 0)) {
      throw new SimError('SIM_BAD_INPUT', 'a bot needs accounts, symbols and a rate of fills')
    }
    this.#pacer = new Pacer(options.clock, STEP_MS, (step) => this.#step(step))
  }

  start(): void {
    this.#pacer.start()
  }

  stop(): void {
    this.#pacer.stop()
  }

  #step(step: number): void {
    this.#due += (this.#rate * STEP_MS) / 1000
    for (let tries = 0; this.#due >= 1 && tries < MAX_TRIES; tries++) {
      if (this.#random.chance(TOGETHER)) {
        this.#floor.happen(() => {
          for (let left = 2 + this.#random.below(2); left > 0; left--) this.#act()
        })
      } else this.#act()
    }
    if ((step + 1) % FUNDING_EVERY_STEPS !== 0 || this.#desks[0]?.fundingRate === null) return
    for (const desk of this.#desks) payFunding(this.#floor, desk, FUNDING_RATE)
  }

  #act(): void {
    const scene: BotScene = {
      floor: this.#floor,
      random: this.#random,
      account: this.#pick(this.#accounts),
      desk: this.#pick(this.#desks),
    }
    const before = this.#floor.executions
    let draw = this.#random.below(TOTAL_WEIGHT)
    for (const { weight, act } of BOT_ACTIONS) {
      draw -= weight
      if (draw >= 0) continue
      act(scene)
      break
    }
    this.#due -= this.#floor.executions - before
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#random.below(items.length)] as Item
  }
}
