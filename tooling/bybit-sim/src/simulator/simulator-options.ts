import { type Category, type Clock, isSymbol } from '@grid/core-events'
import { SimError } from '../base/errors.ts'
import { checkRules, type ExchangeRules } from '../base/rules.ts'
import { MAX_TRADES_PER_FRAME } from '../channels/trade-frame.ts'
import { parseName } from '../market/instrument-name.ts'
import type { TruthMode } from '../truth/truth.ts'

/** The settings of a simulator, apart from its clock. */
export interface SimulatorSettings {
  /** The same seed gives the same market. */
  readonly seed: number
  /** Linear contracts. */
  readonly symbols: readonly string[]
  /** Inverse contracts, e.g. `BTCUSD`. */
  readonly inverse: readonly string[]
  /** Spot pairs; the same name may be a linear contract as well. */
  readonly spot: readonly string[]
  /** Options, e.g. from `optionSymbols`. */
  readonly option: readonly string[]
  /** Trades a second for each symbol. */
  readonly tradesPerSecond: number
  readonly tickerIntervalMs: number
  /** Time between two changes of the best bid and ask, at least 10 ms. */
  readonly bookIntervalMs: number
  /** The most trades in one frame, up to 1024. */
  readonly tradesPerFrame: number
  /** Accounts to open at the start, every second one in hedge mode; `sim.exchange` opens more. */
  readonly accounts: number
  /** Executions a second that a bot trades for those accounts, all together; 0 for no bot. */
  readonly fillsPerSecond: number
  /** Whether the market and the bot wait for `resume`. */
  readonly paused: boolean
  readonly host: string
  /** Port of the sockets; 0 takes a free one. */
  readonly port: number
  /** Port of REST and the archive; 0 takes a free one. */
  readonly httpPort: number
  readonly truth: TruthMode
  /**
   * Topics of channels that the simulator does not have, accepted on every socket. Their frames are
   * sent with `sim.broadcast` or `sim.replayFrames`.
   */
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
  inverse: [],
  spot: [],
  option: [],
  tradesPerSecond: 50,
  tickerIntervalMs: 100,
  bookIntervalMs: 100,
  tradesPerFrame: MAX_TRADES_PER_FRAME,
  accounts: 0,
  fillsPerSecond: 0,
  paused: false,
  host: '127.0.0.1',
  port: 0,
  httpPort: 0,
  truth: 'full',
  extraTopics: [],
  rules: {},
}

/** Capitals and letters without case of any script, their marks, digits, hyphens, and dots within. */
const PLAIN_SYMBOL = /^[\p{Lu}\p{Lo}\p{Lm}\p{M}\p{Nd}-][\p{Lu}\p{Lo}\p{Lm}\p{M}\p{Nd}.-]*$/u

/** The symbols of each category. */
export function symbolsOf(settings: SimulatorSettings): [Category, readonly string[]][] {
  return [
    ['linear', settings.symbols],
    ['inverse', settings.inverse],
    ['spot', settings.spot],
    ['option', settings.option],
  ]
}

/** Fills in the defaults; throws `SIM_BAD_INPUT` that names the option that makes no sense. */
export function readOptions(options: SimulatorOptions): SimulatorSettings {
  const settings = { ...DEFAULTS, ...options }
  for (const [category, symbols] of symbolsOf(settings)) {
    for (const symbol of symbols) checkSymbol(category, symbol)
    if (new Set(symbols).size < symbols.length) {
      throw new SimError('SIM_BAD_INPUT', `a ${category} symbol is named twice`)
    }
  }
  for (const [name, least] of [
    ['tradesPerSecond', 0],
    ['tickerIntervalMs', 1],
    ['bookIntervalMs', 10],
    ['tradesPerFrame', 1],
    ['accounts', 0],
    ['fillsPerSecond', 0],
  ] as const) {
    if (!(settings[name] >= least) || settings[name] === Number.POSITIVE_INFINITY) {
      throw new SimError('SIM_BAD_INPUT', `${name} must be a number from ${least}`)
    }
  }
  if (!Number.isInteger(settings.accounts)) {
    throw new SimError('SIM_BAD_INPUT', 'accounts must be a whole number')
  }
  for (const name of ['port', 'httpPort'] as const) checkPort(name, settings[name])
  checkRules(settings.rules)
  return settings
}

/** Throws `SIM_BAD_INPUT` unless the number can be a port; 0 stands for a free one. */
export function checkPort(name: string, port: number): void {
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return
  throw new SimError('SIM_BAD_INPUT', `${name} must be a port from 0 to 65535`)
}

/** Throws `SIM_BAD_INPUT` unless the text can be a symbol of the category. */
export function checkSymbol(category: Category, symbol: string): void {
  const isPlain = isSymbol(symbol) && PLAIN_SYMBOL.test(symbol)
  if (isPlain && parseName(category, symbol) !== null) return
  throw new SimError('SIM_BAD_INPUT', `${JSON.stringify(symbol)} cannot be a ${category} symbol`)
}
