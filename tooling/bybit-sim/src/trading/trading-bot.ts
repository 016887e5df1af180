import type { Category, Clock } from '@grid/core-events'
import { Pacer } from '../pacer.ts'
import type { Random } from '../random.ts'
import type { Floor } from './floor.ts'

/** How a bot trades; all has defaults. */
export interface TradingBotSpec {
  /** Whom for; by default every account there is. */
  readonly uids?: readonly string[]
  /** `linear` by default. */
  readonly category?: Category
  /** By default the first four of the category. */
  readonly symbols?: readonly string[]
  /** Executions a second, of all accounts together; 50 by default. */
  readonly fillsPerSecond?: number
}

const STEP_MS = 10

/** Trades for accounts at a steady rate, drawn from the seed. */
export class TradingBot {
  readonly #pacer: Pacer

  constructor(options: { floor: Floor; clock: Clock; random: Random; spec: TradingBotSpec }) {
    this.#pacer = new Pacer(options.clock, STEP_MS, () => {})
  }

  start(): void {
    this.#pacer.start()
  }

  stop(): void {
    this.#pacer.stop()
  }
}
