import { PARTITIONED_TABLES, type PartitionedTable } from '@grid/db'
import { Option } from 'commander'
import { LONGEST_RETENTION_DAYS, retention } from '../../config/schemas.ts'
import { shownText } from '../../config/shown-text.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import { type CommandLine, type CommandOptions, JSON_OPTION } from '../command.ts'
import { isDay } from '../time-option.ts'

/** Loaded when it is needed: `run` starts without it. */
const implementation = () => import('./partitions.ts')

/** Adds `partitions list`, `prune`, `freeze` and `narrow`. */
export function addPartitionCommands({ program, add, print }: CommandLine): void {
  const partitions = program
    .command('partitions')
    .description('list, remove, freeze or narrow the days of market data')
  const ofTable = new Option('--table <table>', 'of one table').choices(PARTITIONED_TABLES)

  add(
    'list',
    'list the days that are stored, or were removed',
    PARTITIONS_LIST_EXAMPLES,
    async ({ config }, options) => {
      const { listDays, listRemoved, partitionLines, removedLines } = await implementation()
      const table = tableOf(options)
      if (options['removed']) {
        const removed = await listRemoved(config, table)
        print(options, removed, removedLines(removed))
      } else {
        const days = await listDays(config, { table, exact: options['exact'] === true })
        print(options, days, partitionLines(days))
      }
      return EXIT.ok
    },
    partitions,
  )
    .addOption(ofTable)
    .option('--exact', 'count the rows instead of showing the server’s estimate')
    .option('--removed', 'list the days that were removed instead')
    .option(...JSON_OPTION)

  add(
    'prune',
    'remove days past their retention',
    PARTITIONS_PRUNE_EXAMPLES,
    async ({ config }, options) => {
      const { prunedLines, pruneTables } = await implementation()
      const days = await pruneTables(config, {
        table: tableOf(options),
        olderThanMs: olderThanOf(options),
        dryRun: options['dryRun'] === true,
        force: options['force'] === true,
      })
      print(options, days, prunedLines(days))
      return days.some(({ outcome }) => outcome === 'postponed') ? EXIT.tryAgain : EXIT.ok
    },
    partitions,
  )
    .addOption(ofTable)
    .option('--older-than <time>', 'days that ended this long ago, such as 90d; needs --table')
    .option('--dry-run', 'only list the days that would be removed')
    .option(
      '--force',
      'remove days past their retention although gaps in them are not filled yet, which then never will be; needs --table, and removes no younger day',
    )
    .option(...JSON_OPTION)

  add(
    'freeze',
    'pack the index of the days that are over, freeze and analyze them',
    PARTITIONS_FREEZE_EXAMPLES,
    async ({ config }, options) => {
      const { freezeDays, frozenLines } = await implementation()
      const report = await freezeDays(config, tableOf(options))
      print(options, report, frozenLines(report))
      return report.postponed.length > 0 ? EXIT.tryAgain : EXIT.ok
    },
    partitions,
  )
    .addOption(ofTable)
    .option(...JSON_OPTION)

  add(
    'narrow',
    'rewrite days of tickers that an earlier version stored, in less than half the space',
    PARTITIONS_NARROW_EXAMPLES,
    async ({ config }, options) => {
      const { narrowedDays, narrowedLines, narrowStored } = await implementation()
      const day = dayOf(options)
      const report = await narrowStored(config, day)
      print(options, narrowedDays(report), narrowedLines(report))
      if (report.postponed.length > 0) return EXIT.tryAgain
      if (day === undefined || report.narrowed.length > 0) return EXIT.ok
      const message = `${day} is no day of tickers that an earlier version stored and that ended an hour ago`
      throw new CommandError(EXIT.failure, 'DAY_NOT_DUE', `${message}: see partitions list`)
    },
    partitions,
  )
    .option('--day <day>', 'only this day, such as 2026-11-22')
    .option(...JSON_OPTION)
}

/** Sound: commander accepts no other value. */
function tableOf(options: CommandOptions): PartitionedTable | undefined {
  return options['table'] as PartitionedTable | undefined
}

function dayOf(options: CommandOptions): string | undefined {
  const text = options['day']
  if (text === undefined) return undefined
  if (typeof text === 'string' && isDay(text)) return text
  const message = `--day: ${shownText(String(text))} must be a day such as 2026-11-22`
  throw new CommandError(EXIT.usage, 'DAY_INVALID', message)
}

function olderThanOf(options: CommandOptions): number | undefined {
  const text = options['olderThan']
  if (text === undefined) return undefined
  const result = retention.safeParse(text)
  if (result.success && result.data !== null) return result.data
  const message = `--older-than: ${shownText(String(text))} must be a time from 1d to ${LONGEST_RETENTION_DAYS}d such as 90d`
  throw new CommandError(EXIT.usage, 'OLDER_THAN_INVALID', message)
}

const PARTITIONS_LIST_EXAMPLES = `  event-saver partitions list --table public_trades
  event-saver partitions list --removed --json`
const PARTITIONS_PRUNE_EXAMPLES = `  event-saver partitions prune --table ticker_snapshots --older-than 90d --dry-run
  EVENTSAVER_RETENTION_PUBLIC_TRADES=365d event-saver partitions prune
  event-saver partitions prune --table public_trades --older-than 365d --force --dry-run`
const PARTITIONS_FREEZE_EXAMPLES = `  event-saver partitions freeze --table public_trades`
const PARTITIONS_NARROW_EXAMPLES = `  event-saver partitions narrow --day 2026-11-22
  event-saver partitions narrow && event-saver partitions freeze --table ticker_snapshots`
