import type { ConnectionInfo, SimulatorProcess, TruthItem } from '@grid/bybit-sim'
import { createDatabase, type GridDatabase } from '@grid/db'
import { compareWithTruth, type Proof } from '@grid/proof'
import type { Kysely } from 'kysely'
import type { Life } from './lives.ts'

/** What was written to a socket so shortly before a kill need not have been read. */
const UNDER_WAY_MS = 200
/** How long a killed process may have left a frame unread: what it waited for a processor counts on top. */
export function readWithinMs({ starvation }: Life): number {
  return UNDER_WAY_MS + (starvation?.waitedMs ?? 0)
}
/** Before an end, the time in which it is told how late sockets were read. */
const LAST_MS = 1000

/** How a database compares with what was written to the sockets of killed savers. */
export interface Judgement {
  readonly proof: Proof
  /** Items that were written so shortly before an end that they need not be stored. */
  readonly underWay: number
  /** Those of them that are not stored. */
  readonly underWayLost: number
  /** How long before a kill the earliest item was written that is not stored, in milliseconds; 0 for none. */
  readonly oldestLostMs: number
  /** The ends before which something older than 200 ms, and than what a power cut may cost, is lost: starved or not. */
  readonly faults: readonly EndFault[]
  /** How late savers read their sockets in the last second before a kill, in milliseconds: the most of each. */
  readonly lateness: readonly number[]
}

/** What one end cost that it must not. */
export interface EndFault {
  readonly items: number
  /** How long before the end the earliest of them was written, in milliseconds. */
  readonly oldestMs: number
  /** How long before the end the last item came that is stored. */
  readonly silentMs: number
  readonly life: Life | null
}

/** What may be lost at an end. */
export interface Allowance {
  /** By life, how long before its kill an item must have been written, in milliseconds. Default {@link readWithinMs}. */
  readonly marginMs?: (life: Life) => number
  /** The same before the saver itself ends a connection. */
  readonly hungUpMarginMs?: number
}

/**
 * Compares a database with everything that a simulator wrote to savers that were killed. An item must be stored if it
 * was written to any connection long enough before the kill, or before the saver itself ended the connection; any
 * other may be, or must lie in a gap.
 */
export async function judge(
  databaseUrl: string,
  simulator: SimulatorProcess,
  lives: readonly Life[],
  { marginMs = readWithinMs, hungUpMarginMs = UNDER_WAY_MS }: Allowance = {},
): Promise<Judgement> {
  const db = createDatabase({ url: databaseUrl })
  try {
    const stored = await storedIds(db)
    const { connections } = await simulator.stats()
    const ends = new Map(
      connections.map((one) => [one.number, endOf(one, lives, { marginMs, hungUpMarginMs })]),
    )
    const sums = { underWay: 0, underWayLost: 0, oldestLostMs: 0 }
    const overdue = new Map<End, number[]>()
    const newest = new Map<End, number>()
    const latest = new Map<End, number>()
    const items = async function* (): AsyncGenerator<TruthItem> {
      for await (const item of simulator.truthItems()) {
        if (item.kind !== 'trade' && item.kind !== 'ticker') {
          yield item
          continue
        }
        const ms = item.producedAtUs / 1000
        const isOwed = item.sentTo.some((number) => ms <= (ends.get(number)?.owedMs ?? 0))
        const receivedMs = stored.get(idOf(item))
        const isStored = item.sentTo.length === 0 || receivedMs !== undefined
        const end = item.sentTo.flatMap((number) => ends.get(number) ?? [])[0]
        if (end !== undefined && end.endMs < Number.POSITIVE_INFINITY) {
          const ageMs = end.endMs - ms
          if (!isStored) sums.oldestLostMs = Math.max(sums.oldestLostMs, ageMs)
          if (!isStored && ms <= end.strictMs) {
            const ages = overdue.get(end) ?? []
            overdue.set(end, ages)
            ages.push(ageMs)
          }
          if (receivedMs !== undefined && receivedMs > 0 && ageMs < LAST_MS) {
            latest.set(end, Math.max(latest.get(end) ?? 0, receivedMs - ms))
            newest.set(end, Math.max(newest.get(end) ?? 0, receivedMs))
          }
        }
        if (isOwed || item.sentTo.length === 0) {
          yield item
          continue
        }
        sums.underWay += 1
        if (!isStored) sums.underWayLost += 1
        yield isStored ? item : { ...item, sentTo: [] }
      }
    }
    const proof = await compareWithTruth(db, items())
    const faults = [...overdue].map(
      ([end, ages]): EndFault => ({
        items: ages.length,
        oldestMs: Math.max(...ages),
        silentMs: end.endMs - (newest.get(end) ?? 0),
        life: end.life,
      }),
    )
    return { proof, ...sums, faults, lateness: [...latest.values()] }
  } finally {
    await db.destroy()
  }
}

interface End {
  readonly life: Life | null
  readonly endMs: number
  /** Up to when items must be stored. */
  readonly owedMs: number
  /** The same for a process that never waits for a processor. */
  readonly strictMs: number
}

/** When a connection ended for the saver, and up to when items on it must be stored, in epoch milliseconds. */
function endOf(
  { number, endedBy, endedAtMs }: ConnectionInfo,
  lives: readonly Life[],
  { marginMs, hungUpMarginMs }: Required<Allowance>,
): End {
  const life = lives.find(({ lastConnection }) => number <= lastConnection)
  const killedMs = life?.killedMs ?? Number.POSITIVE_INFINITY
  // Whoever ends a connection need not have read all of it.
  const hungUpMs =
    endedBy === 'peer' ? (endedAtMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
  const killOwedMs = life === undefined ? killedMs : killedMs - marginMs(life)
  return {
    life: life ?? null,
    endMs: Math.min(killedMs, hungUpMs),
    owedMs: Math.min(killOwedMs, hungUpMs - hungUpMarginMs),
    strictMs: Math.min(
      killOwedMs + (life?.starvation?.waitedMs ?? 0),
      hungUpMs - hungUpMarginMs,
      killedMs - UNDER_WAY_MS,
    ),
  }
}

/**
 * When each stored row was received by a socket, in epoch milliseconds, 0 for a row of REST: trades by their ids; tickers by all that tells
 * them apart, as a sequence repeats where only a mark price moved.
 */
async function storedIds(db: Kysely<GridDatabase>): Promise<Map<string, number>> {
  const stored = new Map<string, number>()
  const symbols = await db.selectFrom('public_trades').select('symbol').distinct().execute()
  for (const { symbol } of symbols) {
    const trades = await db
      .selectFrom('public_trades')
      .where('symbol', '=', symbol)
      .select(['trade_id', 'local_ts', 'source'])
      .execute()
    for (const { trade_id, local_ts, source } of trades) {
      stored.set(trade_id, source === 'ws' ? local_ts.getTime() : 0)
    }
  }
  const tickers = await db
    .selectFrom('ticker_snapshots')
    .select(['symbol', 'exchange_ts', 'seq', 'is_snapshot', 'local_ts'])
    .execute()
  for (const { symbol, exchange_ts, seq, is_snapshot, local_ts } of tickers) {
    stored.set(`${symbol} ${exchange_ts.getTime()} ${seq} ${is_snapshot}`, local_ts.getTime())
  }
  return stored
}

function idOf(item: Extract<TruthItem, { kind: 'trade' | 'ticker' }>): string {
  return item.kind === 'trade'
    ? item.tradeId
    : `${item.symbol} ${item.exchangeTs} ${item.seq} ${item.isSnapshot}`
}
