import type { Category, Channel } from '@grid/core-events'
import { type GridDatabase, JournalPositionRepository } from '@grid/db'
import type { Kysely } from 'kysely'
import { accountFilterOf } from '../../accounts/kept-rows.ts'
import type { Config } from '../../config/config.ts'
import { CommandError, EXIT, type ExitCode } from '../../exit-code.ts'
import { readId } from '../../journal/files/directory.ts'
import { type KeptSegment, keptSegments } from '../../journal/kept-segments.ts'
import { addMissing, type ReplayReport, replaceAll } from '../../replay/replay.ts'
import type { MarketScope, ReplayScope } from '../../replay/replay-scope.ts'
import type { ChannelRows } from '../../replay/replayed-rows.ts'
import { scopeAccounts } from '../../replay/scope-accounts.ts'
import { journalFolder } from '../../storage/data-journal.ts'
import type { CommandContext, LoadedConfig } from '../command.ts'
import { timeOption } from '../time-option.ts'
import { withDatabase } from '../with-database.ts'
import { progressView } from './replay-progress.ts'

/** The options of `replay` as typed. */
export interface ReplayCommandOptions {
  readonly replace?: boolean
  readonly from?: string
  readonly to?: string
  readonly account?: readonly string[]
  readonly user?: string
  readonly json?: boolean
}

const OPTION = 'REPLAY_OPTION'
/** A message may be in a segment that begins this long after it, or in one before. */
const AROUND_US = 60_000_000

/** Replays the journal of the data directory, and prints what became of its events. */
export async function replayJournal(
  loaded: LoadedConfig,
  options: ReplayCommandOptions,
  context: Pick<CommandContext, 'err' | 'out' | 'terminal'>,
): Promise<ExitCode> {
  const { config } = loaded
  const times = timesOf(options)
  const directory = journalFolder(config)
  const segments = within(await segmentsOf(directory), times)
  if (segments.length === 0) {
    context.err(`event-saver: REPLAY_EMPTY: the journal in ${directory} has nothing of this time\n`)
    return EXIT.problem
  }
  const progress = progressView(context.terminal, context.err)
  const stop = new AbortController()
  const abort = (): void =>
    stop.abort(new CommandError(EXIT.failure, 'REPLAY_STOPPED', stopText(options)))
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, abort)
  try {
    const report = await withDatabase(config, { command: 'replay', mode: 'write' }, async (db) => {
      const run = options.replace === true ? replaceAll : addMissing
      return run({
        db,
        directory,
        segments,
        scope: { ...times, ...(await scopeOf(db, loaded, options)) },
        environment: config.environmentStamp,
        collector: config.collector,
        batchSize: config.batchSize,
        intervals: { ticker: config.tickerInterval },
        filter: accountFilterOf(config),
        committed: await committedOf(db, config, directory),
        signal: stop.signal,
        onProgress: (state) => progress.show(state),
      })
    })
    progress.end()
    if (options.json === true) context.out(`${JSON.stringify(jsonOf(report))}\n`)
    else for (const line of linesOf(report)) context.out(`${line}\n`)
    return isClean(report) ? EXIT.ok : EXIT.problem
  } finally {
    progress.end()
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, abort)
  }
}

function stopText({ replace }: ReplayCommandOptions): string {
  return replace === true
    ? 'stopped: nothing was changed'
    : 'stopped: what was stored so far stays, and it may be repeated'
}

type Times = Pick<ReplayScope, 'fromUs' | 'toUs'>

function timesOf({ from, to }: ReplayCommandOptions): Times {
  const fromMs = timeOption(from, '--from', OPTION) ?? 0
  const toMs = timeOption(to, '--to', OPTION) ?? Number.POSITIVE_INFINITY
  if (fromMs < toMs) return { fromUs: fromMs * 1000, toUs: toMs * 1000 }
  throw new CommandError(EXIT.usage, OPTION, `--from ${from} is not before --to ${to}`)
}

async function segmentsOf(directory: string): Promise<readonly KeptSegment[]> {
  try {
    return await keptSegments(directory)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    const text = `EVENTSAVER_DATA_DIR: the journal in ${directory} cannot be read (${message}); run this as the user that captures`
    throw new CommandError(EXIT.configuration, 'JOURNAL_UNREADABLE', text, { cause: error })
  }
}

/** The segments that may hold something of an interval. */
function within(segments: readonly KeptSegment[], { fromUs, toUs }: Times): readonly KeptSegment[] {
  const startsBefore = (us: number) => (segment: KeptSegment) =>
    segment.startUs !== null && segment.startUs <= us
  const first = Math.max(0, segments.findLastIndex(startsBefore(fromUs - AROUND_US)))
  const last = segments.findLastIndex(startsBefore(toUs + AROUND_US))
  return segments.slice(first, last + 1)
}

/** What flags restrict a replay to. */
async function scopeOf(
  db: Kysely<GridDatabase>,
  { config, origins }: LoadedConfig,
  { account, user }: ReplayCommandOptions,
): Promise<Pick<ReplayScope, 'accounts' | 'known' | 'market'>> {
  const isGiven = (['symbols', 'category', 'channels'] as const).some(
    (name) => origins[name] === 'flag',
  )
  const ofAccounts = account !== undefined || user !== undefined
  const asked = { names: account === undefined ? null : new Set(account), user }
  return {
    market: isGiven || !ofAccounts ? marketOf({ config, origins }) : null,
    ...(ofAccounts || !isGiven ? await scopeAccounts(db, asked) : { accounts: null, known: null }),
  }
}

function marketOf({ config, origins }: Pick<LoadedConfig, 'config' | 'origins'>): MarketScope {
  const isFlag = (name: keyof typeof origins): boolean => origins[name] === 'flag'
  const named = isFlag('symbols') ? config.symbols : []
  const categories = isFlag('category')
    ? config.category
    : isFlag('symbols')
      ? named.map(({ category }) => category)
      : null
  return {
    channels: isFlag('channels') ? new Set<Channel>(config.channels) : null,
    categories: categories === null ? null : new Set<Category>(categories),
    symbols: new Map(
      named.flatMap(({ all, category, names }) => (all ? [] : [[category, new Set(names)]])),
    ),
  }
}

/** Up to where the saver of this data directory has stored; null where the database knows nothing of it. */
async function committedOf(
  db: Kysely<GridDatabase>,
  { collector }: Pick<Config, 'collector'>,
  directory: string,
): Promise<ReadonlyMap<string, number> | null> {
  const journalId = readId(directory)
  const positions = await new JournalPositionRepository(db).read({ collector, journalId })
  return positions.size === 0 ? null : positions
}

function isClean({ channels, deadLetters, holes, ofUnknown }: ReplayReport): boolean {
  const rows = [...channels.values()]
  return (
    deadLetters + holes + ofUnknown === 0 &&
    rows.every((each) => each.conflicts + each.refused === 0)
  )
}

function jsonOf({ channels, ...report }: ReplayReport): object {
  return { ...report, channels: Object.fromEntries(channels) }
}

/** What is told of a channel's rows, in this order, where there is any. */
const COUNTS: readonly (readonly [keyof ChannelRows, string])[] = [
  ['removed', 'deleted'],
  ['stored', 'stored'],
  ['present', 'there already'],
  ['ofRemovedDays', 'of days that were removed, left out'],
  ['conflicts', 'differ from the row under their key, see dead-letters list'],
  ['refused', 'refused by the database, see dead-letters list'],
]

function linesOf(report: ReplayReport): string[] {
  const { channels, deadLetters, frames, holes, ofUnknown, segments } = report
  const rows = [...channels].map(([channel, counts]) => {
    const told = COUNTS.filter(([name]) => counts[name] > 0 || name === 'stored').map(
      ([name, text]) => `${counts[name]} ${text}`,
    )
    return `${channel}: ${told.join(', ')}`
  })
  const problems = [
    ...(deadLetters > 0
      ? [`${deadLetters} messages cannot be understood, see dead-letters list`]
      : []),
    ...(ofUnknown > 0
      ? [`${ofUnknown} messages are of accounts that this database does not have, left out`]
      : []),
    ...(holes > 0
      ? [`${holes} places of the journal cannot be read: around them rows stay as they are`]
      : []),
  ]
  return [`${frames} messages of ${segments} segments`, ...rows, ...problems]
}
