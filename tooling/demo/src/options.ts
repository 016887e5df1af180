import { parseArgs } from 'node:util'

/** The options of the demonstration. */
export interface DemoOptions {
  /** Milliseconds; null runs until Ctrl-C. */
  readonly runForMs: number | null
  readonly seed: number
  readonly symbols: readonly string[]
  /** For each symbol. */
  readonly tradesPerSecond: number
}

/** What `--help` prints. */
export const HELP = `Starts a local exchange, captures it into an embedded database, and compares the two.
On the way it cuts the connection once, fills the gap of the trades again from the exchange's newest trades,
and sends one very large match.

  --for <duration>    how long to run, e.g. 30s or 2m (default: until Ctrl-C)
  --rate <n>          trades a second for each symbol (default 100; a gap is filled as far as 1000 trades reach back)
  --symbols <list>    comma-separated (default BTCUSDT,ETHUSDT,SOLUSDT,XRPUSDT)
  --seed <n>          seed of the market: the same seed gives the same trades (default 1)

Exit codes: 0 everything that was sent is stored, 1 something is missing or nothing was captured, 2 usage.
`

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Reads the command line; throws an error whose message names the option and the fix. */
export function readOptions(argv: readonly string[]): DemoOptions | 'help' {
  const { values } = parseArgs({
    args: argv.filter((argument) => argument !== '--'),
    options: {
      for: { type: 'string' },
      rate: { type: 'string', default: '100' },
      symbols: { type: 'string', default: 'BTCUSDT,ETHUSDT,SOLUSDT,XRPUSDT' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const symbols = values.symbols.split(',').filter((symbol) => symbol !== '')
  if (symbols.length === 0) throw new Error('--symbols must name at least one, e.g. BTCUSDT')
  return {
    runForMs: values.for === undefined ? null : milliseconds(values.for),
    seed: wholeNumber('--seed', values.seed, 0, 2 ** 31),
    symbols,
    tradesPerSecond: wholeNumber('--rate', values.rate, 1, 10_000),
  }
}

function milliseconds(text: string): number {
  const [, amount, unit = 's'] = DURATION.exec(text) ?? []
  const ms = amount === undefined ? Number.NaN : Number(amount) * (UNIT_MS[unit] ?? Number.NaN)
  if (ms >= 10_000 && ms <= 24 * 3_600_000) return ms
  throw new Error(`--for ${text} must be a duration from 10s to 24h, e.g. 30s`)
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new Error(`${option} ${text} must be a whole number from ${min} to ${max}`)
}
