import { setTimeout as wait } from 'node:timers/promises'
import type { Simulator, TruthItem } from '@grid/bybit-sim'
import type { GridDatabase } from '@grid/db'
import { compareWithTruth, type Proof } from '@grid/proof'
import type { Kysely } from 'kysely'
import type { Cli } from './cli.ts'

/** What was written to a socket so shortly before a kill need not have been read. */
const UNDER_WAY_MS = 200

/** A kill, in epoch milliseconds; what is sent until the process is gone may be lost. */
export interface Kill {
  readonly atMs: number
  readonly goneMs: number
  /** How long the process took to answer just before: what it read so late it could not keep. */
  readonly answeredInMs: number
}

/** Kills a process at once, with -9, and waits until it and its sockets are gone. */
export async function kill(saver: Cli): Promise<Kill> {
  const askedMs = Date.now()
  await saver.status()
  const atMs = Date.now()
  saver.kill('SIGKILL')
  await saver.exited
  // Until the simulator has noticed, too.
  await wait(300)
  return { atMs, goneMs: Date.now(), answeredInMs: atMs - askedMs }
}

/**
 * Compares a database with everything that a simulator sent to a saver that was killed: what was written
 * to a socket 200 ms or more before a kill must be stored; the rest may be, or must lie in a gap.
 */
export async function proveKilled(
  db: Kysely<GridDatabase>,
  sim: Simulator,
  kills: readonly Kill[],
): Promise<Proof> {
  const trades = await db.selectFrom('public_trades').select('trade_id').execute()
  const tickers = await db
    .selectFrom('ticker_snapshots')
    .select(['symbol', 'exchange_ts', 'seq', 'is_snapshot'])
    .execute()
  const stored = new Set([
    ...trades.map(({ trade_id }) => trade_id),
    // A sequence repeats where only the mark or index price moved.
    ...tickers.map(
      ({ symbol, exchange_ts, seq, is_snapshot }) =>
        `${symbol} ${exchange_ts.getTime()} ${seq} ${is_snapshot}`,
    ),
  ])
  const { trades: sentTrades, tickers: sentTickers } = sim.truth()
  const items = [...sentTrades, ...sentTickers].map((item): TruthItem => {
    const ms = item.producedAtUs / 1000
    const isUnderWay = kills.some(
      // A machine that is loaded answers late, and reads its sockets as late.
      ({ answeredInMs, atMs, goneMs }) =>
        ms >= atMs - UNDER_WAY_MS - 4 * answeredInMs && ms <= goneMs,
    )
    const id =
      item.kind === 'trade'
        ? item.tradeId
        : `${item.symbol} ${item.exchangeTs} ${item.seq} ${item.isSnapshot}`
    return isUnderWay && !stored.has(id) ? { ...item, sentTo: [] } : item
  })
  return compareWithTruth(db, items)
}
