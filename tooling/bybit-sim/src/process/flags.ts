import { parseArgs } from 'node:util'
import { SimError } from '../base/errors.ts'
import type { ExchangeRules } from '../base/rules.ts'
import { checkPort, type SimulatorSettings } from '../simulator/simulator-options.ts'

/** The command line of a simulator in its own process. */
export interface ProcessFlags {
  readonly settings: Partial<SimulatorSettings>
  readonly controlPort: number
  readonly exitWithParent: boolean
  readonly help: boolean
}

/** Reads the command line; throws `SIM_BAD_INPUT` that names an unknown or unreadable flag. */
export function readFlags(args: readonly string[]): ProcessFlags {
  const { values } = parse(args)
  const { truth, rules } = values
  if (truth !== undefined && truth !== 'full' && truth !== 'digest') {
    throw new SimError('SIM_BAD_INPUT', '--truth must be full or digest')
  }
  const settings = {
    seed: numberOf('--seed', values.seed),
    symbols: listOf(values.symbols),
    inverse: listOf(values.inverse),
    spot: listOf(values.spot),
    option: listOf(values.option),
    tradesPerSecond: numberOf('--trades-per-second', values['trades-per-second']),
    tickerIntervalMs: numberOf('--ticker-interval-ms', values['ticker-interval-ms']),
    bookIntervalMs: numberOf('--book-interval-ms', values['book-interval-ms']),
    tradesPerFrame: numberOf('--trades-per-frame', values['trades-per-frame']),
    accounts: numberOf('--accounts', values.accounts),
    fillsPerSecond: numberOf('--fills-per-second', values['fills-per-second']),
    paused: values.paused,
    host: values.host,
    port: numberOf('--port', values.port),
    httpPort: numberOf('--http-port', values['http-port']),
    truth,
    extraTopics: values.topic,
    rules: rules === undefined ? undefined : readRules(rules),
  }
  const controlPort = numberOf('--control-port', values['control-port']) ?? 0
  checkPort('--control-port', controlPort)
  const given = Object.entries(settings).filter(([, value]) => value !== undefined)
  return {
    settings: Object.fromEntries(given),
    controlPort,
    exitWithParent: values['exit-with-parent'] ?? false,
    help: values.help ?? false,
  }
}

/** Writes settings as a command line that `readFlags` reads. */
export function writeFlags(settings: Partial<SimulatorSettings>): string[] {
  const flags: [string, string | number | undefined][] = [
    ['seed', settings.seed],
    ['symbols', settings.symbols?.join(',')],
    ['inverse', settings.inverse?.join(',')],
    ['spot', settings.spot?.join(',')],
    ['option', settings.option?.join(',')],
    ['trades-per-second', settings.tradesPerSecond],
    ['ticker-interval-ms', settings.tickerIntervalMs],
    ['book-interval-ms', settings.bookIntervalMs],
    ['trades-per-frame', settings.tradesPerFrame],
    ['accounts', settings.accounts],
    ['fills-per-second', settings.fillsPerSecond],
    ['host', settings.host],
    ['port', settings.port],
    ['http-port', settings.httpPort],
    ['truth', settings.truth],
    ['rules', settings.rules === undefined ? undefined : JSON.stringify(settings.rules)],
    ...(settings.extraTopics ?? []).map((topic): [string, string] => ['topic', topic]),
  ]
  const written = flags.flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  )
  return settings.paused === true ? [...written, '--paused'] : written
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string' },
        symbols: { type: 'string' },
        inverse: { type: 'string' },
        spot: { type: 'string' },
        option: { type: 'string' },
        'trades-per-second': { type: 'string' },
        'ticker-interval-ms': { type: 'string' },
        'book-interval-ms': { type: 'string' },
        'trades-per-frame': { type: 'string' },
        accounts: { type: 'string' },
        'fills-per-second': { type: 'string' },
        paused: { type: 'boolean' },
        host: { type: 'string' },
        port: { type: 'string' },
        'http-port': { type: 'string' },
        truth: { type: 'string' },
        topic: { type: 'string', multiple: true },
        rules: { type: 'string' },
        'control-port': { type: 'string' },
        'exit-with-parent': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (cause) {
    throw new SimError('SIM_BAD_INPUT', cause instanceof Error ? cause.message : 'bad arguments', {
      cause,
    })
  }
}

function readRules(text: string): Partial<ExchangeRules> {
  try {
    return JSON.parse(text) as Partial<ExchangeRules>
  } catch (cause) {
    throw new SimError('SIM_BAD_INPUT', '--rules must be JSON', { cause })
  }
}

function numberOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw new SimError('SIM_BAD_INPUT', `${flag} must be a number`)
  }
  return value
}

function listOf(text: string | undefined): string[] | undefined {
  return text?.split(',').filter((item) => item !== '')
}
