import type { PrivateFilter } from '@grid/bybit-adapter'
import type { Channel } from '@grid/core-events'
import { classifyDatabaseError, type GridDatabase, replaceRows } from '@grid/db'
import type { Kysely } from 'kysely'
import { CommandError, EXIT } from '../exit-code.ts'
import type { KeptSegment } from '../journal/kept-segments.ts'
import type { LedgerChannel } from '../pipeline/ledger.ts'
import type { Intervals } from '../pipeline/pipeline-options.ts'
import { IntervalMerge } from './interval-merge.ts'
import { type WalkedFrame, walk } from './journal-walk.ts'
import { RemovedDays } from './removed-days.ts'
import { ReplacedFrames } from './replaced-frames.ts'
import { isWanted, isWithin, type ReplayScope, streamOfEvent } from './replay-scope.ts'
import { type ChannelRows, ReplayedRows } from './replayed-rows.ts'

/** What a replay works on. */
export interface ReplayOptions {
  readonly db: Kysely<GridDatabase>
  readonly directory: string
  readonly segments: readonly KeptSegment[]
  readonly scope: ReplayScope
  readonly environment: string
  readonly collector: string
  readonly batchSize: number
  readonly intervals: Intervals
  readonly filter: PrivateFilter | undefined
  /**
   * Up to where the journal is stored, by channel; null where the database knows nothing of it. What comes after is
   * the saver's to store, and is only added.
   */
  readonly committed: ReadonlyMap<string, number> | null
  readonly signal: AbortSignal
  readonly onProgress: (progress: ReplayProgress) => void
}

/** How far a replay is. */
export interface ReplayProgress {
  readonly step: 'looking' | 'storing' | 'adding'
  /** Segments that were read, of how many. */
  readonly done: number
  readonly total: number
}

/** What a replay did. */
export interface ReplayReport {
  readonly segments: number
  readonly frames: number
  readonly channels: ReadonlyMap<Channel, ChannelRows>
  /** Messages that this version cannot understand: they are dead letters. */
  readonly deadLetters: number
  /** Stretches of the journal that cannot be read. */
  readonly holes: number
  /** Messages of accounts that the database does not have, where all accounts are wanted: they are left out. */
  readonly ofUnknown: number
}

/** Stores what segments hold and the database lacks. What is stored already stays as it is. */
export async function addMissing(options: ReplayOptions): Promise<ReplayReport> {
  const rows = await rowsOf(options, options.db)
  const found = await storeAll(options, rows, 'adding', () => true)
  return reportOf(options, found, [rows])
}

/**
 * Deletes the rows that were made of the segments' frames, and stores what they hold, in one transaction. Frames that
 * are not stored yet are added afterwards.
 */
export async function replaceAll(options: ReplayOptions): Promise<ReplayReport> {
  let replaced: Awaited<ReturnType<typeof replaceOnce>>
  try {
    replaced = await replaceOnce(options, false)
  } catch (error) {
    if (classifyDatabaseError(error) !== 'poison') throw orOvertaken(error)
    replaced = await replaceOnce(options, true)
  }
  const { found, isAll, rows } = replaced
  if (isAll) return reportOf(options, found, [rows])
  const added = await rowsOf(options, options.db)
  await storeAll(
    options,
    added,
    'adding',
    (channel, place) => !isCommitted(options, channel, place),
  )
  return reportOf(options, found, [rows, added])
}

/** An error that says in our words that somebody else changed rows of the interval meanwhile. */
function orOvertaken(error: unknown): unknown {
  if ((error as { code?: unknown }).code !== '40001') return error
  const message =
    'somebody else stored or changed rows of this interval meanwhile: nothing was changed; try again'
  return new CommandError(EXIT.tryAgain, 'REPLAY_OVERTAKEN', message, { cause: error })
}

async function replaceOnce(options: ReplayOptions, isCareful: boolean) {
  return replaceRows(options.db, async (replacement, trx) => {
    const isStored = (channel: LedgerChannel, place: number) => isCommitted(options, channel, place)
    const noted = new ReplacedFrames(options.scope, isStored, (frames) => replacement.note(frames))
    await walkAll(options, 'looking', (frame) => noted.take(frame))
    await noted.end()
    const rows = await rowsOf(options, trx, { isCareful, replacement })
    for (const [channel, count] of await replacement.remove()) rows.of(channel).removed += count
    let isAll = true
    const again = new ReplacedFrames(options.scope, isStored, null)
    const found = await storeAll(
      options,
      rows,
      'storing',
      (channel, place) => {
        const isIn = isStored(channel, place)
        if (!isIn) isAll = false
        return isIn
      },
      (frame) => again.take(frame),
    )
    if (again.digest !== noted.digest) {
      const message =
        'the journal gave fewer frames the second time, as its segments were released meanwhile or cannot be read: nothing was changed; try again, or ask for a later --from'
      throw new CommandError(EXIT.tryAgain, 'REPLAY_CHANGED', message)
    }
    return { found, isAll, rows }
  })
}

function isCommitted({ committed }: ReplayOptions, channel: LedgerChannel, place: number): boolean {
  return committed === null || place <= (committed.get(channel) ?? 0)
}

async function rowsOf(
  { batchSize, collector }: ReplayOptions,
  on: Kysely<GridDatabase>,
  more: Pick<ConstructorParameters<typeof ReplayedRows>[0], 'isCareful' | 'replacement'> = {},
): Promise<ReplayedRows> {
  // An embedded database has one connection, which a transaction holds.
  const removedDays = await RemovedDays.read(on)
  return new ReplayedRows({ db: on, batchSize, collector, removedDays, ...more })
}

/** Stores the wanted events whose place in the journal is meant. */
async function storeAll(
  options: ReplayOptions,
  rows: ReplayedRows,
  step: ReplayProgress['step'],
  isMeant: (channel: LedgerChannel, place: number) => boolean,
  onFrame?: (frame: WalkedFrame) => unknown,
) {
  const { intervals, scope } = options
  const merge = new IntervalMerge(intervals, (event, place) => {
    if (isWithin(scope, event.localTsUs) && isMeant(event.channel, place)) rows.add(event)
  })
  let ofUnknown = 0
  const found = await walkAll(options, step, (frame) => {
    onFrame?.(frame)
    const accountId = frame.origin?.accountId ?? null
    if (accountId !== null && scope.known?.has(accountId) === false) {
      if (isWithin(scope, frame.timeUs)) ofUnknown += 1
      return null
    }
    for (const event of frame.events) {
      if (isWanted(scope, streamOfEvent(event))) merge.add(event, frame.position)
    }
    if (frame.deadLetters.length > 0 && isWithin(scope, frame.timeUs)) {
      rows.addLetters(
        frame.deadLetters.filter(
          ({ accountId = null, ...letter }) =>
            isWanted(scope, { ...letter, accountId }) &&
            isMeant(letter.channel ?? 'unknown', frame.position),
        ),
      )
    }
    return rows.isDue ? rows.store() : null
  })
  merge.end()
  await rows.store()
  return { ...found, ofUnknown }
}

function walkAll(
  { directory, environment, filter, onProgress, segments, signal }: ReplayOptions,
  step: ReplayProgress['step'],
  take: (frame: WalkedFrame) => Promise<void> | null,
) {
  const total = segments.length
  const onSegment = (place: number) => onProgress({ step, done: place + 1, total })
  onProgress({ step, done: 0, total })
  return walk({ directory, environment, filter, segments, signal, onSegment }, take)
}

function reportOf(
  { segments }: ReplayOptions,
  found: Pick<ReplayReport, 'frames' | 'holes' | 'ofUnknown'>,
  parts: readonly ReplayedRows[],
): ReplayReport {
  const channels = new Map<Channel, ChannelRows>()
  for (const { channels: some } of parts) {
    for (const [channel, rows] of some) {
      const sum = channels.get(channel)
      if (sum === undefined) channels.set(channel, { ...rows })
      else for (const [name, count] of Object.entries(rows)) sum[name as keyof ChannelRows] += count
    }
  }
  const deadLetters = parts.reduce((sum, part) => sum + part.deadLetters, 0)
  return { ...found, segments: segments.length, channels, deadLetters }
}
