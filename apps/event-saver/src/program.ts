import { Command, CommanderError, Option } from 'commander'
import type { Config } from '../config/config.ts'
import { type ConfigFault, type ConfigResult, loadConfig } from '../config/load.ts'
import { SETTINGS, type Setting, type SettingName } from '../config/settings.ts'
import { examine } from '../doctor/doctor.ts'
import { CommandError, EXIT, type ExitCode } from '../exit-code.ts'
import { EXPORT_FORMATS } from '../export/row-format.ts'
import { createLogger, type Logger } from '../log/log.ts'
import { addAccountCommands } from './account/account-program.ts'
import { configLines, printableConfig } from './capture/config-command.ts'
import { runCommand } from './capture/run-command.ts'
import { fetchStatus, statusLines } from './capture/status-command.ts'
import { type ExportOptions, exportCommand } from './data/export-command.ts'
import { migrateCommand } from './data/migrate-command.ts'
import { addPartitionCommands } from './data/partitions-program.ts'

/** What a command line is run in. */
export interface CommandContext {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where the command was typed; relative paths start there. */
  readonly cwd: string
  /** Data for the caller. */
  readonly out: (text: string) => void
  /** Messages for the operator. */
  readonly err: (text: string) => void
  /** What is piped in or typed. */
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
}

type Loaded = Extract<ConfigResult, { ok: true }>
type Action = (
  loaded: Loaded,
  options: Readonly<Record<string, unknown>>,
  args: readonly string[],
) => Promise<ExitCode>

/** Adds a command with its settings as flags, below the program or another command. */
export type AddCommand = (
  name: string,
  description: string,
  examples: string,
  action: Action,
  parent?: Command,
) => Command

const NAMES = Object.keys(SETTINGS) as SettingName[]

/**
 * Runs one command line and gives its exit code; see `EXIT` for their meaning.
 *
 * @example
 * process.exitCode = await runProgram({ argv: process.argv.slice(2), env: process.env, cwd: process.cwd(), out, err })
 */
export async function runProgram(context: CommandContext): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok
  const program = new Command('event-saver')
    .description('Records Bybit V5 market data and proves what it holds.')
    .exitOverride()
    .configureOutput({
      writeOut: context.out,
      writeErr: context.err,
      outputError: (text, write) => write(withoutValues(text)),
    })
    .addHelpText('after', `\n${EXIT_HELP}`)

  const command: AddCommand = (name, description, examples, action, parent = program) => {
    const sub = parent.command(name).description(description)
    sub.option('--config <file>', 'JSON file with settings, below flags and environment')
    for (const setting of Object.values<Setting<unknown>>(SETTINGS)) {
      if (setting.hidden) continue
      const help = `${setting.help} [${setting.variable}]`
      sub.addOption(new Option(`--${setting.flag} <value>`, help))
    }
    return sub.addHelpText('after', `\nExamples:\n${examples}`).action(async () => {
      const options = sub.opts<Record<string, unknown>>()
      exitCode = await withConfig(context, options, (loaded) => action(loaded, options, sub.args))
    })
  }

  const json = ['--json', 'print JSON'] as const
  command('run', 'capture until stopped', RUN_EXAMPLES, (loaded, options) => {
    const log = startLog(loaded)
    return runCommand(loaded.config, log, { exitOnDbError: options['exitOnDbError'] === true })
  }).option('--exit-on-db-error', 'exit 75 when the database is away at the start')

  command(
    'migrate',
    'bring the database to this version’s schema',
    MIGRATE_EXAMPLES,
    async (loaded, options) => {
      const result = await migrateCommand(loaded.config, startLog(loaded))
      const text = `schema ${result.schemaVersion}, environment ${result.environment}`
      context.out(`${options['json'] ? JSON.stringify(result) : text}\n`)
      return EXIT.ok
    },
  ).option(...json)

  command(
    'config',
    'print the configuration and where each value came from',
    CONFIG_EXAMPLES,
    async ({ config, origins }, options) => {
      const text = options['json']
        ? JSON.stringify({ ...printableConfig(config), origins })
        : configLines(config, origins).join('\n')
      context.out(`${text}\n`)
      return EXIT.ok
    },
  ).option(...json)

  command(
    'status',
    'print what the running saver says of itself',
    STATUS_EXAMPLES,
    async ({ config }, options) => {
      const status = await fetchStatus(config)
      context.out(`${options['json'] ? JSON.stringify(status) : statusLines(status).join('\n')}\n`)
      return status.ready ? EXIT.ok : EXIT.problem
    },
  ).option(...json)

  command(
    'doctor',
    'examine what a capture relies on: clock, hosts, database, disk, limits, symbols',
    DOCTOR_EXAMPLES,
    async ({ config }, options) => {
      const findings = await examine(config)
      const lines = findings.map(
        ({ code, ok, detail, fix }) =>
          `${ok ? 'ok  ' : 'FAIL'} ${code}: ${detail}${ok ? '' : `; ${fix}`}`,
      )
      context.out(`${options['json'] ? JSON.stringify(findings) : lines.join('\n')}\n`)
      return findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.problem
    },
  ).option(...json)

  addPartitionCommands(program, command, context.out)
  addAccountCommands(program, command, context)

  command(
    'export',
    'write trades and tickers to files by symbol and day, with a manifest',
    EXPORT_EXAMPLES,
    // Sound: commander gives the options that are declared below.
    ({ config }, options) => exportCommand(config, options as unknown as ExportOptions, context),
  )
    .requiredOption('--from <day>', 'first day, UTC, such as 2026-11-21')
    .option('--to <day>', 'last day, inclusive (default: the first)')
    .option('--format <format>', EXPORT_FORMATS.join(', '), 'parquet')
    .option('--out <folder>', 'where the files go', './export')
    .option('--force', 'replace files that are there')
    .option('--json', 'print what was exported as JSON')

  try {
    await program.parseAsync([...context.argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (isInvalidOption(error)) {
      context.err(`event-saver: ${error.code}: ${error.message}\n`)
      return EXIT.configuration
    }
    const known = error instanceof CommandError
    context.err(`event-saver: ${known ? `${error.code}: ${error.message}` : String(error)}\n`)
    return known ? error.exitCode : EXIT.failure
  }
}

/** The adapter's word for a setting that it cannot work with, such as too many topics. */
function isInvalidOption(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && error.code === 'INVALID_OPTION'
}

async function withConfig(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
  action: (loaded: Loaded) => Promise<ExitCode>,
): Promise<ExitCode> {
  const flags: Partial<Record<SettingName, string>> = {}
  for (const name of NAMES) {
    const value = options[camelCase(SETTINGS[name].flag)]
    if (typeof value === 'string') flags[name] = value
  }
  const file = options['config']
  const { env, cwd } = context
  const result = loadConfig({ flags, env, cwd, file: typeof file === 'string' ? file : undefined })
  if (result.ok) return action(result)
  context.err(`event-saver: ${faultText(result.faults)}`)
  return EXIT.configuration
}

function startLog({
  config,
  unknownVariables,
}: {
  config: Config
  unknownVariables: readonly string[]
}): Logger {
  const log = createLogger(config.logLevel)
  for (const variable of unknownVariables) {
    log.warn(
      { code: 'CONFIG_UNKNOWN_VARIABLE', variable },
      `${variable} is no setting of this version and has no effect`,
    )
  }
  return log
}

function faultText(faults: readonly ConfigFault[]): string {
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`
  const lines = faults.map(({ where, problem, fix }) => `  ${where}: ${problem}; ${fix}`)
  return `${count} in the configuration\n${lines.join('\n')}\n`
}

/** A fault of the command line without the values in it, one of which may be a secret. */
function withoutValues(text: string): string {
  return text
    .replace(/(unknown option '(?:--[^'=]*|-[^'-]))[^\n]*'/, "$1'")
    .replace(/(but got \d+):[^\n]*/, '$1')
}

function camelCase(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

const EXIT_HELP = `Exit codes: 0 ok, 1 failure, 2 usage, 3 a problem was found, 75 try again, 78 configuration.`
const RUN_EXAMPLES = `  event-saver run --symbols BTCUSDT,SOLUSDT
  EVENTSAVER_DATABASE_URL=postgres://grid@127.0.0.1/grid event-saver run --exit-on-db-error`
const MIGRATE_EXAMPLES = `  event-saver migrate --database-url postgres://grid@127.0.0.1/grid`
const CONFIG_EXAMPLES = `  event-saver config
  event-saver config --json --config saver.json`
const STATUS_EXAMPLES = `  event-saver status
  event-saver status --json --http-address 127.0.0.1:9464`
const EXPORT_EXAMPLES = `  event-saver export --from 2026-11-21 --symbols BTCUSDT,ETHUSDT
  event-saver export --from 2026-11-01 --to 2026-11-30 --symbols '*' --channels publicTrade --format csv.gz --out /srv/november`
const DOCTOR_EXAMPLES = `  event-saver doctor
  event-saver doctor --json --symbols BTCUSDT,ETHUSDT`
