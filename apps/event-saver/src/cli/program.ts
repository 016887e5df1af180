import { Command, CommanderError, Option } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import type { ConfigFault } from '../config/config-fault.ts'
import { loadConfig } from '../config/load.ts'
import { SETTINGS, type Setting, type SettingName } from '../config/settings.ts'
import { isShownText } from '../config/shown-text.ts'
import { CommandError, EXIT, type ExitCode } from '../exit-code.ts'
import { fatalLine } from '../log/line-base.ts'
import { addAccountCommands } from './account/account-commands.ts'
import { addCaptureCommands } from './capture/capture-commands.ts'
import type { Action, AddCommand, CommandContext, CommandLine, CommandOptions } from './command.ts'
import { addDataCommands } from './data/data-commands.ts'
import { addDatabaseCommands } from './database/database-commands.ts'
import { plainText } from './plain-text.ts'

const NAMES = Object.keys(SETTINGS) as SettingName[]
/** The title under which help shows the options that all commands take. */
const SETTINGS_TITLE = 'Settings of all commands:'
/** The commands that have a log. */
const LOGGING: ReadonlySet<string> = new Set(['run', 'migrate'])
const EXIT_HELP =
  'Exit codes: 0 ok, 1 failure, 2 usage, 3 a problem was found, 75 try again, 78 configuration.'

/**
 * Runs one command line and gives its exit code; see `EXIT` for their meaning.
 *
 * @example
 * process.exitCode = await runProgram({ argv: process.argv.slice(2), env: process.env, cwd: process.cwd(), out, err, stdin })
 */
export async function runProgram(context: CommandContext): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok
  const program = buildProgram(context, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync([...context.argv], { from: 'user' })
    return exitCode
  } catch (error) {
    return reportError(error, context)
  }
}

/** Makes the program with all its commands; `onExitCode` is told how a command that was run ended. */
export function buildProgram(
  context: CommandContext,
  onExitCode: (code: ExitCode) => void,
): Command {
  const program = new Command('event-saver')
    .description('Records Bybit V5 market data and proves what it holds.')
    .version(`event-saver ${manifest.version}`, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: context.out,
      writeErr: context.err,
      outputError: (text, write) => write(withoutValues(text)),
    })
    .addHelpText('after', `\n${EXIT_HELP}`)

  const commands: Command[] = []
  const add: AddCommand = (name, description, examples, action, parent = program) => {
    const command = parent.command(name).description(description)
    commands.push(command)
    return command.addHelpText('after', `\nExamples:\n${examples}`).action(async () => {
      const options = command.opts<Record<string, unknown>>()
      const warns = !LOGGING.has(command.name())
      onExitCode(await withConfig(context, { options, args: command.args, warns }, action))
    })
  }
  const print: CommandLine['print'] = (options, data, lines) =>
    context.out(
      options['json']
        ? `${JSON.stringify(data)}\n`
        : lines.map((line) => `${plainText(line)}\n`).join(''),
    )
  const cli: CommandLine = { program, context, add, print }
  addCaptureCommands(cli)
  addDatabaseCommands(cli)
  addAccountCommands(cli)
  addDataCommands(cli)
  // Last, so that help shows a command's own options first.
  for (const command of commands) addSettings(command)
  return program
}

/** Adds every setting as a flag, but those that a command line must not show. */
function addSettings(command: Command): void {
  const file = new Option('--config <file>', 'JSON file with settings, below flags and environment')
  command.addOption(file.helpGroup(SETTINGS_TITLE))
  for (const setting of Object.values<Setting<unknown>>(SETTINGS)) {
    if (setting.hidden) continue
    const help = `${setting.help} [${setting.variable}]`
    const value = setting.isSwitch ? '[value]' : '<value>'
    command.addOption(new Option(`--${setting.flag} ${value}`, help).helpGroup(SETTINGS_TITLE))
  }
}

/** A command as typed. */
interface Call {
  readonly options: CommandOptions
  readonly args: readonly string[]
  /** Whether warnings about the configuration are printed here, because the command has no log. */
  readonly warns: boolean
}

async function withConfig(
  { cwd, env, err, terminal }: CommandContext,
  { options, args, warns }: Call,
  action: Action,
): Promise<ExitCode> {
  // A command with a log has lines of one form, also the one that says why it ends.
  const isJsonLog = !warns && terminal === undefined
  const flags: Partial<Record<SettingName, string>> = {}
  for (const name of NAMES) {
    const value = options[camelCase(SETTINGS[name].flag)]
    if (typeof value === 'string') flags[name] = value
    else if (value === true) flags[name] = 'true'
  }
  const file = options['config']
  const result = loadConfig({ flags, env, cwd, file: typeof file === 'string' ? file : undefined })
  if (result.ok) {
    for (const { code, message } of warns ? result.exposures : []) {
      err(`event-saver: warning ${code}: ${message}\n`)
    }
    if (!isJsonLog) return action(result, options, args)
    try {
      return await action(result, options, args)
    } catch (error) {
      const { code, exitCode, text } = endOf(error)
      err(fatalLine({ code, collector: result.config.collector }, text))
      return exitCode
    }
  }
  const text = faultText(result.faults)
  const facts = { code: 'CONFIGURATION', collector: undefined }
  err(isJsonLog ? fatalLine(facts, text.trim()) : `event-saver: ${text}`)
  return EXIT.configuration
}

function reportError(error: unknown, { err }: CommandContext): ExitCode {
  // Commander has printed its own message.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  const { exitCode, text } = endOf(error)
  err(`event-saver: ${text}\n`)
  return exitCode
}

/** How an error ends a command. */
function endOf(error: unknown): { code: string; exitCode: ExitCode; text: string } {
  if (isInvalidOption(error)) {
    const { code, message } = error
    return { code, exitCode: EXIT.configuration, text: `${code}: ${message}` }
  }
  if (error instanceof CommandError) {
    const { code, exitCode, message } = error
    return { code, exitCode, text: plainText(`${code}: ${message}`) }
  }
  return { code: 'FAILED', exitCode: EXIT.failure, text: plainText(String(error)) }
}

/** Whether a library refuses a setting, such as too many topics, or a certificate that is gone by now. */
function isInvalidOption(error: unknown): error is Error & { code: string } {
  if (!(error instanceof Error) || !('code' in error)) return false
  return error.code === 'INVALID_OPTION' || error.code === 'DATABASE_URL_INVALID'
}

function faultText(faults: readonly ConfigFault[]): string {
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`
  const lines = faults.map(({ where, problem, fix }) => `  ${where}: ${problem}; ${fix}`)
  return `${count} in the configuration\n${lines.join('\n')}\n`
}

/** A message about a wrong command line without the values that it quotes: one may be a secret. */
function withoutValues(text: string): string {
  return text
    .replace(/(unknown option '(?:--[^'=]*|-[^'-])).*'/s, "$1'")
    .replace(/(unknown command) '(?![a-z-]+').*'/s, '$1')
    .replace(/(but got \d+):.*/s, '$1\n')
    .replace(/ argument '(.*)' is invalid/s, (whole, value: string) =>
      isShownText(value) ? whole : ' argument is invalid',
    )
}

function camelCase(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
