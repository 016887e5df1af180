import { randomUUID } from 'node:crypto'
import type { MarketStream } from '@grid/core-events'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CollectorRepository,
  type GridDatabase,
  JournalPositionRepository,
  keepCoverageDays,
  LineRepository,
  LossRepository,
  migrate,
  percent,
  SpanRepository,
  WantedRepository,
} from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { nowOf } from '../support/server-clock.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/** A stream that is wanted all day and comes on a line from 1:00; heard until 10:00, stored until 20:00. */
class Case {
  readonly db: Kysely<GridDatabase>
  readonly stream: MarketStream
  readonly owner = { collector: randomUUID(), journalId: randomUUID() }
  readonly lines: LineRepository
  readonly spans: SpanRepository
  readonly losses: LossRepository
  readonly wanted: WantedRepository
  collectorId = 0
  lineId = 0
  slot = 0
  #position: number | null = null

  /** A day that may be kept. */
  readonly day: number

  constructor(db: Kysely<GridDatabase>, day: number) {
    this.db = db
    this.day = day
    this.stream = { category: 'linear', channel: 'ticker', symbol: this.owner.collector }
    this.lines = new LineRepository(db)
    this.spans = new SpanRepository(db)
    this.losses = new LossRepository(db)
    this.wanted = new WantedRepository(db)
  }

  hour(hours: number): number {
    return this.day + hours * HOUR_MS
  }

  get loss() {
    return { from: this.hour(2), to: this.hour(3), reason: 'test' }
  }

  async begin({ heard = true, storedHour = 20 }: CaseOptions): Promise<void> {
    this.collectorId = await new CollectorRepository(this.db).register(this.owner)
    await this.wanted.begin(this.owner.collector, [{ stream: this.stream, from: this.day }])
    const opening = { collectorId: this.collectorId, position: 1, openedAt: this.day }
    Object.assign(this, await this.lines.open(opening))
    await this.spans.claim(this.lineId, [{ stream: this.stream, from: this.hour(1) }])
    if (heard) await this.beat(this.hour(10))
    if (storedHour !== null) await this.store(this.hour(storedHour))
  }

  async beat(at: number, until: number = at): Promise<void> {
    const { collectorId, lineId, slot } = this
    await this.lines.beat({ collectorId, at, lines: [{ lineId, slot, until }] })
  }

  async store(storedUntil: number): Promise<void> {
    const [from, to] = [this.#position, (this.#position ?? 0) + 1]
    this.#position = to
    const move = { ...this.owner, channel: 'ticker', from, to, storedUntil }
    expect(await new JournalPositionRepository(this.db).move(this.db, move)).toBe(true)
  }

  /** Covered and wanted hours of the day, and gaps: as `percent` says, and as they are now. */
  async both(): Promise<readonly [unknown, unknown]> {
    const summed = await percent(this.db, { day: dayOf(this.day) })
    const isOwn = (stream: object) => 'symbol' in stream && stream.symbol === this.stream.symbol
    const said = summed.find(({ stream }) => isOwn(stream))
    const { rows } = await sql<{ covered: number; wanted: number; gaps: number }>`
      select covered_ms as covered, wanted_ms as wanted, gaps
      from compute_coverage_day(${dayOf(this.day)}::date)
      where stream_id = (select id from streams where symbol = ${this.stream.symbol})`.execute(
      this.db,
    )
    const [now] = rows
    return [
      [said?.coveredMs, said?.wantedMs, said?.gaps].map((ms) => ms ?? 0),
      [now?.covered, now?.wanted, now?.gaps].map((ms) => ms ?? 0),
    ]
  }
}

interface CaseOptions {
  readonly heard?: boolean
  /** Null where nothing says that anything is stored. */
  readonly storedHour?: number | null
}

/** What changes a day that is kept, after what. */
const CHANGES: readonly (readonly [string, CaseOptions, (it: Case) => Promise<unknown>])[] = [
  ['a position moves', { storedHour: 8 }, (it) => it.store(it.hour(9))],
  ['something is stored at last', { storedHour: null }, (it) => it.store(it.hour(9))],
  ['a line is heard', {}, (it) => it.beat(it.hour(11))],
  ['a line is heard first', { heard: false }, (it) => it.beat(it.hour(11))],
  ['a line is heard, and then not for hours', {}, (it) => it.beat(it.hour(15), it.hour(12))],
  [
    'a line ends',
    {},
    (it) => it.lines.end({ lineId: it.lineId, until: it.hour(12), cause: 'closed' }),
  ],
  [
    'a line ends that no beat had named',
    { heard: false },
    (it) => it.lines.end({ lineId: it.lineId, until: it.hour(12), cause: 'crash' }),
  ],
  [
    'a stream ends on its line',
    {},
    (it) => it.spans.end(it.lineId, [{ stream: it.stream, from: it.hour(1), to: it.hour(4) }]),
  ],
  ['a stream begins', {}, (it) => it.spans.claim(it.lineId, [{ stream: it.stream, from: it.day }])],
  [
    'something is proved',
    {},
    async (it) =>
      it.spans.prove({
        id: await it.spans.beginProof(),
        evidence: 'archive',
        spans: [{ stream: it.stream, from: it.day - DAY_MS, to: it.day + 2 * DAY_MS }],
      }),
  ],
  ['a loss of the stream', {}, (it) => it.losses.add([{ ...it.loss, stream: it.stream }])],
  [
    'a loss of the line',
    {},
    (it) => it.losses.add([{ ...it.loss, collectorId: it.collectorId, lineId: it.lineId }]),
  ],
  [
    'a loss of the collector',
    {},
    (it) => it.losses.add([{ ...it.loss, collectorId: it.collectorId }]),
  ],
  [
    'it is wanted before',
    {},
    (it) =>
      it.wanted.end(it.owner.collector, [{ stream: it.stream, from: it.day, to: it.hour(6) }]),
  ],
  [
    'its collector is retired',
    {},
    (it) =>
      new CollectorRepository(it.db).retire({ collector: it.owner.collector, to: it.hour(6) }),
  ],
  [
    'somebody gives a claim another start',
    {},
    (it) =>
      sql`update coverage_spans set from_ts = ${new Date(it.hour(2)).toISOString()}::timestamptz
        where line_id = ${it.lineId}`.execute(it.db),
  ],
  [
    'somebody deletes a row',
    {},
    (it) => sql`delete from coverage_spans where line_id = ${it.lineId}`.execute(it.db),
  ],
]

describe.each(DATABASES)('kept days on %s', { timeout: START_TIMEOUT_MS }, (_name, open) => {
  let opened: OpenedDatabase
  /** Five days ago by the database's clock. */
  let day: number
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db)
    day = Math.floor((await nowOf(opened.db)) / DAY_MS - 5) * DAY_MS
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  it.each(CHANGES)('are computed again where %s', async (_title, options, change) => {
    const world = new Case(opened.db, day)
    await world.begin(options)
    expect(await keepCoverageDays(opened.db)).toContain(dayOf(day))
    const [before, computed] = await world.both()
    expect(before).toEqual(computed)
    // What is kept is read. (Yesterday may be kept now, once other transactions of the server have ended.)
    expect(await keepCoverageDays(opened.db)).not.toContain(dayOf(day))
    await change(world)
    const [after, now] = await world.both()
    expect(now).not.toEqual(before)
    expect(after).toEqual(now)
    expect(await keepCoverageDays(opened.db)).toContain(dayOf(day))
    expect(await world.both()).toEqual([now, now])
  })

  it('are computed again where a line is heard after hours, and where a loss ends', async () => {
    const world = new Case(opened.db, day)
    await world.begin({})
    const { collectorId } = world
    await world.beat(world.hour(15), world.hour(12))
    await world.losses.add([
      { collectorId, position: 7, from: world.hour(2), reason: 'queue_full' },
    ])
    await keepCoverageDays(opened.db)
    const [quiet] = await world.both()
    await world.losses.end({ collectorId, position: 7, to: world.hour(3) })
    await keepCoverageDays(opened.db)
    const [ended] = await world.both()
    expect([quiet, ended]).toEqual([
      [HOUR_MS, DAY_MS, 2],
      [10 * HOUR_MS, DAY_MS, 3],
    ])
    await world.beat(world.hour(16))
    expect(await world.both()).toEqual([
      [14 * HOUR_MS, DAY_MS, 3],
      [14 * HOUR_MS, DAY_MS, 3],
    ])
  })

  it('are those before an end only where somebody ends what began long ago', async () => {
    const world = new Case(opened.db, day)
    await world.begin({})
    // A mark of yesterday stays until that day is kept.
    const marksAfter = async (change: () => Promise<unknown>) => {
      await keepCoverageDays(opened.db)
      await sql`delete from coverage_dirty`.execute(opened.db)
      await change()
      const { rows } = await sql<{ day: string }>`
        select day::text as day from coverage_dirty order by day`.execute(opened.db)
      return rows.map(({ day }) => day)
    }
    const { lineId, stream } = world
    const dayAfter = (days: number) => dayOf(day + days * DAY_MS)
    const end = { stream, from: world.hour(1), to: world.hour(30) }
    const marked = await marksAfter(() => world.spans.end(lineId, [end]))
    const today = dayOf(await nowOf(opened.db))
    expect(marked).toEqual([1, 2, 3, 4, 5].map(dayAfter).filter((date) => date < today))
    const unwanted = { stream, from: day, to: await nowOf(opened.db) }
    expect(await marksAfter(() => world.wanted.end(world.owner.collector, [unwanted]))).toEqual([])
  })

  it('are yesterday only once no transaction is open that began before midnight', async () => {
    const world = new Case(opened.db, day)
    const yesterday = dayOf((await nowOf(opened.db)) - DAY_MS)
    const from = day + DAY_MS
    await world.wanted.begin('yesterday', [{ stream: world.stream, from }])
    await sql`delete from coverage_midnights`.execute(opened.db)
    if (_name !== 'PGlite') {
      // As far as anybody can tell it began yesterday. It changes that day, and leaves no mark.
      await opened.db.transaction().execute(async (trx) => {
        await sql`select pg_current_xact_id()`.execute(trx)
        for (let call = 0; call < 2; call++) {
          const kept = await keepCoverageDays(opened.db)
          expect(kept.filter((date) => date >= yesterday)).toEqual([])
        }
      })
    }
    // Transactions in other databases of the server count too.
    const untilKept = async () => {
      for (;;) {
        const kept = await keepCoverageDays(opened.db)
        expect(kept).not.toContain(dayOf(await nowOf(opened.db)))
        if (kept.includes(yesterday)) return
      }
    }
    await untilKept()
    expect(await keepCoverageDays(opened.db)).not.toContain(yesterday)
    await world.losses.add([{ stream: world.stream, from, reason: 'test' }])
    await untilKept()
  })

  it('stay right where a change is committed while they are kept', async () => {
    // PGlite has one connection: there is no meanwhile.
    if (_name === 'PGlite') return
    const world = new Case(opened.db, day)
    await world.begin({})
    await keepCoverageDays(opened.db)
    let kept: Promise<unknown> | undefined
    await opened.db.transaction().execute(async (trx) => {
      await new LossRepository(trx).add([{ ...world.loss, stream: world.stream }])
      await world.store(world.hour(21))
      kept = keepCoverageDays(opened.db)
      await kept
    })
    const [said, now] = await world.both()
    expect(said).toEqual(now)
    expect(now).toEqual([8 * HOUR_MS, DAY_MS, 3])
  })
})

it('a day that is none is refused', async () => {
  for (const day of ['2026-02-30', '22.11.2026', '']) {
    // It is refused before the database is asked.
    const reading = percent(undefined as never, { day })
    await expect(reading).rejects.toThrow(`day is ${day}: a day is written as 2026-11-22`)
  }
})
