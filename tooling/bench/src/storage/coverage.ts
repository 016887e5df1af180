import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { PrivateChannel, Stream } from '@grid/core-events'
import {
  CollectorRepository,
  type GridDatabase,
  type HeardLine,
  JournalPositionRepository,
  keepCoverageDays,
  LineRepository,
  percent,
  WantedRepository,
} from '@grid/db'
import { type Kysely, sql } from 'kysely'
import type pg from 'pg'
import { judge, type Report, together } from './rounds.ts'
import { openScratchDatabase } from './scratch-database.ts'

const DAY_MS = 86_400_000
const DAYS = 30
const PUBLIC_STREAMS = 1700
const PUBLIC_LINES = 5
const ACCOUNTS = 300
const ACCOUNT_CHANNELS: readonly PrivateChannel[] = ['execution', 'order', 'position', 'wallet']
/** Of public lines, and as many of private ones. */
const CUTS = 2000
const LOSSES = 330
const ROUNDS = 9
/** Transactions that move a position, in a second of a busy market. */
const MOVES = 12
const SECONDS = 60
/** The unit of times in `/proc`. */
const TICK_MS = 10

/**
 * Measures what an ordinary second of the ledger writes, and how long the percentages of a month take. WAL is that of
 * the whole server: without `TEST_DATABASE_URL` it is one of its own.
 */
export async function coverageSpeed(): Promise<Report> {
  await using scratch = await openScratchDatabase()
  const { client, db } = scratch
  const owner = { collector: 'bench', journalId: randomUUID() }
  const open = await load(db, client, owner)
  await client.query('vacuum analyze')
  const kept = performance.now()
  const days = await keepCoverageDays(db, { limit: DAYS })
  const keepMs = (performance.now() - kept) / days.length
  const asked: number[] = []
  const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  const month = { day: dayOf(Date.now() - (DAYS - 1) * DAY_MS), lastDay: dayOf(Date.now()) }
  for (let round = -1; round < ROUNDS; round++) {
    const begun = performance.now()
    const streams = await percent(db, { ...month, of: 'everyone' })
    if (streams.length !== PUBLIC_STREAMS + ACCOUNTS * ACCOUNT_CHANNELS.length) {
      throw new Error(`${streams.length} streams were given`)
    }
    if (round >= 0) asked.push(performance.now() - begun)
  }
  await client.query('checkpoint')
  const seconds = await measureSeconds(db, client, owner, open)
  return together(
    `the ledger of ${PUBLIC_STREAMS} public streams on ${PUBLIC_LINES} lines and ${ACCOUNTS} accounts of ${ACCOUNT_CHANNELS.length} streams, ${DAYS} days, ${CUTS} cuts of public lines and ${CUTS} of private ones, ${LOSSES} losses; a day is kept in ${keepMs.toFixed(0)} ms`,
    judge('percentages of all streams over these days, in ms', asked, { atMost: 300 }),
    ...seconds,
  )
}

/** Writes a month, and gives the lines that are open at its end. */
async function load(
  db: Kysely<GridDatabase>,
  client: pg.Client,
  owner: { readonly collector: string; readonly journalId: string },
): Promise<readonly HeardLine[]> {
  const from = Date.now() - DAYS * DAY_MS
  const collectorId = await new CollectorRepository(db).register(owner)
  const market = Array.from({ length: PUBLIC_STREAMS }, (_, n): Stream => {
    const channel = n % 2 === 0 ? 'publicTrade' : 'ticker'
    return { category: 'linear', channel, symbol: `S${n}USDT` }
  })
  const accounts = Array.from({ length: ACCOUNTS }, () => randomUUID())
  const own = accounts.flatMap((accountId) =>
    ACCOUNT_CHANNELS.map((channel): Stream => ({ accountId, channel })),
  )
  const wanted = [...market, ...own].map((stream) => ({ stream, from }))
  await new WantedRepository(db).begin(owner.collector, wanted)
  await client.query('begin')
  // The same loss of time for whoever repeats it.
  await client.query('select setseed(0.5)')
  await insertLines(client, collectorId, from, PUBLIC_LINES, 0, null)
  await insertLines(client, collectorId, from, ACCOUNTS, PUBLIC_LINES, accounts)
  await client.query(`
    insert into coverage_spans (from_ts, stream_id, line_id, evidence)
    select line.opened_at + interval '1 s', stream.id, line.id, 'live'
    from coverage_lines line
    join streams stream on case when line.account_id is null
      then stream.account_id is null and stream.id % ${PUBLIC_LINES} = line.slot
      else stream.account_id = line.account_id end`)
  await client.query(`
    insert into coverage_losses (from_ts, to_ts, stream_id, collector_id, reason)
    select at, at + interval '1 s', 1 + n % ${PUBLIC_STREAMS}, ${collectorId}, 'bench'
    from (
      select n, to_timestamp(${from / 1000} + random() * ${(DAYS * DAY_MS) / 1000}) as at
      from generate_series(1, ${LOSSES}) n
    ) lost`)
  await client.query('commit')
  const positions = new JournalPositionRepository(db)
  for (const channel of ['publicTrade', 'ticker', ...ACCOUNT_CHANNELS]) {
    await positions.move(db, { ...owner, channel, from: null, to: 1, storedUntil: Date.now() })
  }
  const lines = await new LineRepository(db).listOpen(collectorId)
  const heard = lines.map(({ lineId, slot }) => ({ lineId, slot, until: Date.now() }))
  await new LineRepository(db).beat({ collectorId, at: Date.now(), lines: heard })
  return heard
}

/** Inserts lines that are cut for two seconds at random, each with its last one open. */
async function insertLines(
  client: pg.Client,
  collectorId: number,
  from: number,
  lines: number,
  firstSlot: number,
  accounts: readonly string[] | null,
): Promise<void> {
  await client.query(
    `insert into coverage_lines
      (collector_id, journal_position, slot, account_id, opened_at, alive_until, cause)
    select $1::integer, (select count(*) from coverage_lines) + row_number() over (), slot,
      ($5::uuid[])[slot - $4::integer + 1], at,
      lead(at) over (partition by slot order by at) - interval '2 s', 'bench'
    from (
      select $4::integer + n as slot, to_timestamp($2::double precision / 1000) as at
      from generate_series(0, $3::integer - 1) n
      union all
      select $4::integer + floor(random() * $3::integer)::integer,
        to_timestamp(floor($2::double precision / 1000 + 3 + random() * ${(DAYS * DAY_MS) / 1000 - 10}))
      from generate_series(1, ${CUTS})
    ) cut`,
    [collectorId, from, lines, firstSlot, accounts],
  )
}

/** What a second writes and computes: a beat of all open lines, and the positions of its batches. */
async function measureSeconds(
  db: Kysely<GridDatabase>,
  client: pg.Client,
  owner: { readonly collector: string; readonly journalId: string },
  open: readonly HeardLine[],
): Promise<readonly Report[]> {
  const collectorId = await new CollectorRepository(db).register(owner)
  const walOf = async (): Promise<number> => {
    const { rows } = await client.query<{ bytes: string }>(
      `select pg_current_wal_lsn() - '0/0' as bytes`,
    )
    return Number(rows[0]?.bytes)
  }
  const megabytes: number[] = []
  const cpuMs: number[] = []
  await db.connection().execute(async (one) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(one)
    const pid = rows[0]?.pid ?? 0
    const lines = new LineRepository(one)
    const positions = new JournalPositionRepository(one)
    let position = 1
    for (let round = -1; round < ROUNDS; round++) {
      const [wal, cpu] = [await walOf(), await cpuOf(pid)]
      for (let second = 0; second < SECONDS; second++) {
        const at = Date.now()
        const heard = open.map((line) => ({ ...line, until: at - Math.random() * 2000 }))
        await lines.beat({ collectorId, at, lines: heard })
        for (let move = 0; move < MOVES; move++) {
          const step = { channel: 'ticker', from: position, to: ++position, storedUntil: at }
          await positions.move(one, { ...owner, ...step })
        }
      }
      if (round < 0) continue
      megabytes.push((((await walOf()) - wal) / SECONDS) * (DAY_MS / 1e9))
      cpuMs.push(((await cpuOf(pid)) - cpu) / SECONDS)
    }
  })
  return [
    judge(
      `WAL of a beat of ${open.length} lines and ${MOVES} moved positions a second, each in a transaction, in MB a day`,
      megabytes,
      { atMost: 300 },
    ),
    judge('CPU of the server for them, in ms a second', cpuMs, { atMost: 10 }),
  ]
}

/** The time that a process of this machine has computed, in milliseconds. */
async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}
