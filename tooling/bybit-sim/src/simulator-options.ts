import { type Clock, isSymbol } from '@grid/core-events'
import { SimError } from './errors.ts'
import { MAX_TRADES_PER_FRAME } from './linear-frames.ts'
import type { ExchangeRules } from './rules.ts'
import type { TruthMode } from './truth.ts'

/** How a simulator is made, apart from its clock. */
export interface SimulatorSettings {
  /** The market is drawn from it. */
  readonly seed: number
  readonly symbols: readonly string[]
  /** Trades a second of each symbol. */
  readonly tradesPerSecond: number
  readonly tickerIntervalMs: number
  /** Trades in a frame, at most 1024. */
  readonly tradesPerFrame: number
  /** Whether the market waits for `resume`. */
  readonly paused: boolean
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly truth: TruthMode
  /** Topics that can be subscribed to though nothing here produces them. */
  readonly extraTopics: readonly string[]
  readonly rules: Partial<ExchangeRules>
}

/** Options of `startSimulator`; all have defaults. */
export interface SimulatorOptions extends Partial<SimulatorSettings> {
  readonly clock?: Clock
}

const DEFAULTS: SimulatorSettings = {
  seed: 1,
  symbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT'],
  tradesPerSecond: 50,
  tickerIntervalMs: 100,
  tradesPerFrame: MAX_TRADES_PER_FRAME,
  paused: false,
  host: '127.0.0.1',
  port: 0,
  truth: 'full',
  extraTopics: [],
  rules: {},
}

const PLAIN_SYMBOL = /^[A-Z0-9-]+$/

/** Fills in the defaults; throws `SIM_BAD_INPUT` naming the option that makes no sense. */
export function readOptions(options: SimulatorOptions): SimulatorSettings {
  const settings = { ...DEFAULTS, ...options }
  const bad = settings.symbols.find((symbol) => !isSymbol(symbol) || !PLAIN_SYMBOL.test(symbol))
  if (bad !== undefined) {
    throw new SimError('SIM_BAD_INPUT', `${JSON.stringify(bad)} cannot be a symbol`)
  }
  if (new Set(settings.symbols).size < settings.symbols.length) {
    throw new SimError('SIM_BAD_INPUT', 'a symbol is named twice')
  }
  for (const name of ['tradesPerSecond', 'tickerIntervalMs', 'tradesPerFrame'] as const) {
    const least = name === 'tradesPerSecond' ? 0 : 1
    if (!(settings[name] >= least) || settings[name] === Number.POSITIVE_INFINITY) {
      throw new SimError('SIM_BAD_INPUT', `${name} must be a number from ${least}`)
    }
  }
  return settings
}
