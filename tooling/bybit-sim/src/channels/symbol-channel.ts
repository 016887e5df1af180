import type { Clock } from '@grid/core-events'
import type { ExchangeRules } from '../base/rules.ts'
import type { Desk } from '../market/desk.ts'
import type { Connection } from '../sockets/connection.ts'
import type { Hub } from '../sockets/hub.ts'
import type { TruthLedger } from '../truth/truth-ledger.ts'

/** Length of a step of the market in milliseconds. */
export const STEP_MS = 10

/** How much the market produces. */
export interface MarketPace {
  /** For each symbol. */
  readonly tradesPerSecond: number
  readonly tickerIntervalMs: number
  readonly bookIntervalMs: number
  readonly tradesPerFrame: number
}

/** What a channel needs in order to send its frames and to record the truth of them. */
export interface Wire {
  /** True time, for the stamps of the truth. */
  readonly clock: Clock
  /** The exchange's own clock, for the times in frames. */
  readonly serverClock: Clock
  readonly hub: Hub
  readonly ledger: TruthLedger
  readonly pace: MarketPace
  readonly rules: ExchangeRules
}

/** One step of the market. */
export interface Tick {
  /** The number of the step, from 0. */
  readonly step: number
  /** The number of the step, shifted for each symbol so that not all send at once. */
  readonly phase: number
  /** Epoch milliseconds by the exchange's clock. */
  readonly now: number
}

/** One channel of one instrument: it makes the data, sends the frames, and records the truth. */
export interface SymbolChannel {
  /** Where it is published; null when the category's sockets do not carry the channel. */
  readonly topic: string | null
  /** Makes and sends what is due in a step. */
  step(tick: Tick): void
  /** Sends what a new subscription opens with; left out when it opens with nothing. */
  greet?(connection: Connection, topic: string): void
}

/** Opens a channel of an instrument, when that is listed. */
export type SymbolChannelClass = new (desk: Desk, wire: Wire) => SymbolChannel
