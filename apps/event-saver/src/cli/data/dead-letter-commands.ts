import { CHANNELS, type Channel, DEAD_LETTER_CODES, type DeadLetterCode } from '@grid/core-events'
import type { DeadLetterState } from '@grid/db'
import { type Command, Option } from 'commander'
import { shownText } from '../../config/shown-text.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import { type CommandLine, type CommandOptions, JSON_OPTION } from '../command.ts'
import { plainText } from '../plain-text.ts'
import { timeOption } from '../time-option.ts'
import type { LetterFilter } from './dead-letters.ts'
import type { RetryReport } from './retry-letters.ts'

/** Adds `dead-letters list`, `show`, `retry` and `export`. */
export function addDeadLetterCommands({ program, context, add, print }: CommandLine): void {
  const deadLetters = program
    .command('dead-letters')
    .description('look at items that could not be understood or stored, and try them again')

  withFilter(
    add(
      'list',
      'list dead letters in the order in which they were stored',
      LIST_EXAMPLES,
      async ({ config }, options) => {
        const { letterFacts, letterLines, listLetters } = await import('./dead-letters.ts')
        const page = { after: idOf(options['after'] ?? '0', '--after'), limit: limitOf(options) }
        const letters = await listLetters(config, filterOf(options), page)
        print(options, letters.map(letterFacts), letterLines(letters))
        return EXIT.ok
      },
      deadLetters,
    ),
    'waiting',
  )
    .option('--limit <count>', 'most letters to list', '100')
    .option('--after <id>', 'start after this letter')
    .option(...JSON_OPTION)

  add(
    'show',
    'print a dead letter with its payload',
    SHOW_EXAMPLES,
    async ({ config }, options, [id]) => {
      const { letterJson, letterPage, showLetter } = await import('./dead-letters.ts')
      const letter = await showLetter(config, idOf(id, 'the id'))
      print(options, letterJson(letter), letterPage(letter))
      return EXIT.ok
    },
    deadLetters,
  )
    .argument('<id>', 'as list prints it')
    .option(...JSON_OPTION)

  withFilter(
    add(
      'retry',
      'store what can be stored by now; exits 3 when letters are left, with their new reasons',
      RETRY_EXAMPLES,
      async ({ config }, options, ids) => {
        const { retryLetters } = await import('./retry-letters.ts')
        const filter = filterOf(options)
        const chosen = ids.map((id) => idOf(id, 'the id'))
        const report = await retryLetters(
          config,
          chosen.length === 0 ? filter : { ...filter, ids: chosen },
        )
        print(options, report, retryLines(report))
        return report.left.length === 0 ? EXIT.ok : EXIT.problem
      },
      deadLetters,
    ),
  )
    .argument('[ids...]', 'only these letters')
    .option(...JSON_OPTION)

  withFilter(
    add(
      'export',
      'print dead letters with their payloads as NDJSON, an object a line',
      EXPORT_EXAMPLES,
      async ({ config }, options) => {
        const { exportLetters } = await import('./dead-letters.ts')
        await exportLetters(config, filterOf(options), context)
        return EXIT.ok
      },
      deadLetters,
    ),
    'all',
  )
}

/** Adds the conditions that all commands take; `state` is the default of `--state`, which retry lacks. */
function withFilter(command: Command, state?: DeadLetterState | 'all'): Command {
  if (state !== undefined) {
    const help = 'waiting, retried (stored meanwhile) or all'
    command.addOption(
      new Option('--state <state>', help).choices(['waiting', 'retried', 'all']).default(state),
    )
  }
  return command
    .addOption(new Option('--code <code>', 'why it is one').choices(DEAD_LETTER_CODES))
    .addOption(new Option('--channel <channel>', 'of one channel').choices(CHANNELS))
    .option('--from <time>', 'received at this time or later, such as 2026-11-22T08:00:00Z')
    .option('--to <time>', 'received before this time')
}

function filterOf(options: CommandOptions): LetterFilter {
  const state = options['state']
  // Sound: commander accepts no other values.
  return {
    state: state === 'all' ? undefined : (state as DeadLetterState | undefined),
    code: options['code'] as DeadLetterCode | undefined,
    channel: options['channel'] as Channel | undefined,
    from: timeOption(options['from'], '--from', 'LETTER_OPTION'),
    to: timeOption(options['to'], '--to', 'LETTER_OPTION'),
  }
}

function idOf(text: unknown, what: string): string {
  if (typeof text === 'string' && /^\d{1,18}$/.test(text)) return text
  throw usage(`${what}: ${shownText(String(text))} must be digits, as list prints them`)
}

function limitOf({ limit }: CommandOptions): number {
  const count = Number(limit)
  if (Number.isInteger(count) && count > 0) return count
  throw usage(`--limit: ${shownText(String(limit))} must be a whole number above 0`)
}

function usage(message: string): CommandError {
  return new CommandError(EXIT.usage, 'LETTER_OPTION', message)
}

function retryLines({ retried, left }: RetryReport): string[] {
  return [
    ...left.map(({ id, reason }) => `${id.padStart(6)}  still waits: ${plainText(reason)}`),
    `${retried} stored, ${left.length} left`,
  ]
}

const LIST_EXAMPLES = `  event-saver dead-letters list
  event-saver dead-letters list --state all --code STORE_REJECTED --from 2026-11-22 --json`
const SHOW_EXAMPLES = `  event-saver dead-letters show 17`
const RETRY_EXAMPLES = `  event-saver dead-letters retry --code ITEM_MALFORMED --channel order
  event-saver dead-letters retry 17 18 --json`
const EXPORT_EXAMPLES = `  event-saver dead-letters export --from 2026-11-22 > letters.ndjson`
