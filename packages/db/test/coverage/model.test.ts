import { randomUUID } from 'node:crypto'
import type { MarketStream } from '@grid/core-events'
import type { Kysely } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CollectorRepository,
  coverage,
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
import { SeededRandom } from '../support/seeded-random.ts'
import { nowOf } from '../support/server-clock.ts'
import { CoverageModel, type ModelLine, statesOf } from './model.ts'

const DAY_MS = 86_400_000
/** The first step is before a midnight, the last one after it. */
const LENGTH = 1200
const BEFORE_MIDNIGHT = 500
const STEPS = 90
const CHANNELS = ['publicTrade', 'publicTrade', 'ticker'] as const

interface OpenedLine {
  readonly key: { readonly lineId: number; readonly slot: number }
  readonly model: ModelLine
  readonly collectorId: number
}

interface Span {
  readonly line: OpenedLine
  readonly stream: MarketStream
  readonly from: number
  readonly model: { to: number | null; readonly from: number }
}

interface Journal {
  readonly owner: { readonly collector: string; readonly journalId: string }
  readonly collectorId: number
  readonly number: number
  readonly positions: Map<string, number>
}

/** A world that changes at random, in the database and in the model. */
class World {
  readonly model = new CoverageModel(CHANNELS)
  readonly start: number
  readonly streams: readonly MarketStream[]
  readonly #db: Kysely<GridDatabase>
  readonly #random: SeededRandom
  readonly #name: string
  readonly #midnight: number
  #now: number
  #order = 0
  #position = 0
  #journals: Journal[] = []
  #journalsMade = 0
  #lines: OpenedLine[] = []
  readonly #spans: Span[] = []
  /** What a replayed journal would do again: gives how many rows that wrote. */
  readonly #repeats: (() => Promise<number>)[] = []
  readonly #wanting = new Map<number, { from: number; model: { to: number | null } }>()

  constructor(db: Kysely<GridDatabase>, seed: number, midnight: number) {
    this.#db = db
    this.#random = new SeededRandom(seed)
    this.#name = `w${seed}-${randomUUID().slice(0, 8)}`
    this.#midnight = midnight
    this.start = midnight - BEFORE_MIDNIGHT
    this.#now = this.start
    this.streams = CHANNELS.map((channel, index) => ({
      category: 'linear',
      channel,
      symbol: `${this.#name}${index}`,
    }))
  }

  get end(): number {
    return this.start + LENGTH
  }

  async run(): Promise<void> {
    for (const name of ['a', 'b']) await this.#begin(`${this.#name}${name}`)
    for (const index of CHANNELS.keys()) await this.#want(index)
    const steps = [
      ...times(2, () => this.#want(this.#random.below(CHANNELS.length))),
      () => this.#endWanting(),
      ...times(3, () => this.#open()),
      ...times(7, () => this.#claim()),
      () => this.#endSpan(),
      () => this.#endLine(),
      ...times(6, () => this.#beat()),
      ...times(6, () => this.#store()),
      ...times(2, () => this.#lose()),
      () => this.#prove(),
      () => this.#restart(),
      ...times(3, () => this.#repeat()),
      () => keepCoverageDays(this.#db, { limit: 400 }),
    ]
    for (let step = 0; step < STEPS; step++) {
      this.#now += this.#random.below(2 * (LENGTH / STEPS))
      await this.#random.pick(steps)()
    }
    // No day after this world's has anything of it.
    for (const index of [...this.#wanting.keys()]) await this.#endWanting(index, this.end)
  }

  /** A time a little before or after now, within the world. */
  #about(): number {
    const ms = this.#now + this.#random.below(120) - 60
    return Math.min(this.end - 1, Math.max(this.start, ms))
  }

  async #begin(collector: string): Promise<void> {
    const owner = { collector, journalId: randomUUID() }
    const collectorId = await new CollectorRepository(this.#db).register(owner)
    const number = this.#journalsMade++
    this.#journals = this.#journals.filter((journal) => journal.owner.collector !== collector)
    this.#journals.push({ owner, collectorId, number, positions: new Map() })
  }

  #stream(index: number): MarketStream {
    const stream = this.streams[index]
    if (stream === undefined) throw new Error(`no stream ${index}`)
    return stream
  }

  async #want(index: number): Promise<void> {
    if (this.#wanting.has(index)) return
    const from = this.#about()
    const isTaken = this.model.wanted.some((span) => span.stream === index && span.from === from)
    if (isTaken) return
    const wanted = new WantedRepository(this.#db)
    const begin = async () =>
      (await wanted.begin(this.#name, [{ stream: this.#stream(index), from }])).begun
    expect(await begin()).toBe(1)
    const model = { stream: index, from, to: null }
    this.model.wanted.push(model)
    this.#wanting.set(index, { from, model })
    this.#repeats.push(begin)
  }

  async #endWanting(
    index = this.#random.below(CHANNELS.length),
    at = this.#about(),
  ): Promise<void> {
    const span = this.#wanting.get(index)
    if (span === undefined) return
    this.#wanting.delete(index)
    const named = { stream: this.#stream(index), from: span.from, to: at }
    const end = async () => (await new WantedRepository(this.#db).end(this.#name, [named])).ended
    expect(await end()).toBe(1)
    span.model.to = Math.max(at, span.from)
    this.#repeats.push(end)
  }

  async #open(): Promise<void> {
    const { collectorId, number } = this.#random.pick(this.#journals)
    const opening = { collectorId, position: ++this.#position, openedAt: this.#now }
    const key = await new LineRepository(this.#db).open(opening)
    const model = { collector: number, heard: null, isOpen: true }
    this.#lines.push({ key, model, collectorId })
    this.#repeats.push(async () => {
      expect(await new LineRepository(this.#db).open(opening)).toEqual(key)
      return 0
    })
  }

  #openLine(): OpenedLine | undefined {
    const open = this.#lines.filter(({ model }) => model.isOpen)
    return open.length === 0 ? undefined : this.#random.pick(open)
  }

  async #claim(): Promise<void> {
    const line = this.#openLine()
    if (line === undefined) return
    const index = this.#random.below(CHANNELS.length)
    const stream = this.#stream(index)
    const from = this.#now
    const isTaken = this.#spans.some(
      (span) => span.line === line && span.stream === stream && span.from === from,
    )
    if (isTaken) return
    const spans = new SpanRepository(this.#db)
    const claim = async () => (await spans.claim(line.key.lineId, [{ stream, from }])).claimed
    expect(await claim()).toBe(1)
    const order = this.#order++
    const model = {
      order,
      stream: index,
      from,
      to: null,
      line: line.model,
      evidence: 'live',
    } as const
    this.model.claims.push({ ...model })
    const added = this.model.claims.at(-1)
    if (added !== undefined) this.#spans.push({ line, stream, from, model: added })
    this.#repeats.push(claim)
  }

  async #endSpan(): Promise<void> {
    if (this.#spans.length === 0) return
    const { line, stream, from, model } = this.#random.pick(this.#spans)
    const to = this.#about()
    const end = async () =>
      (await new SpanRepository(this.#db).end(line.key.lineId, [{ stream, from, to }])).ended
    await end()
    model.to = Math.max(model.from, Math.min(model.to ?? to, to))
    this.#repeats.push(end)
  }

  async #endLine(line = this.#openLine()): Promise<void> {
    if (line === undefined) return
    const until = this.#about()
    const ending = { lineId: line.key.lineId, until, cause: 'closed' }
    const end = async () => Number(await new LineRepository(this.#db).end(ending))
    expect(await end()).toBe(1)
    line.model.heard = until
    line.model.isOpen = false
    this.#repeats.push(end)
  }

  async #beat(): Promise<void> {
    const { collectorId } = this.#random.pick(this.#journals)
    const open = this.#lines.filter((line) => line.model.isOpen && line.collectorId === collectorId)
    const at = this.#now
    const lines = open.map(({ key }) => ({
      ...key,
      // Now and then longer ago than a beat can say.
      until: at - this.#random.below(90) - (this.#random.below(12) === 0 ? 400_000 : 0),
    }))
    await this.#lineRepository.beat({ collectorId, at, lines })
    for (const [index, { model }] of open.entries()) {
      const until = lines[index]?.until ?? at
      const behind = at - until
      model.heard = behind > 327_670 ? until : at - Math.ceil(behind / 10) * 10
    }
  }

  /** One for all beats: it knows which lines were quiet. */
  get #lineRepository(): LineRepository {
    this.#keptLines ??= new LineRepository(this.#db)
    return this.#keptLines
  }
  #keptLines: LineRepository | undefined

  async #store(): Promise<void> {
    const journal = this.#random.pick(this.#journals)
    const channel = this.#random.pick(['publicTrade', 'ticker'] as const)
    const from = journal.positions.get(channel) ?? null
    const to = ++this.#position
    // Older savers do not say it.
    const storedUntil = this.#random.below(4) === 0 ? null : this.#about()
    const positions = new JournalPositionRepository(this.#db)
    const isMoved = await positions.move(this.#db, {
      ...journal.owner,
      channel,
      from,
      to,
      ...(storedUntil !== null && { storedUntil }),
    })
    expect(isMoved).toBe(true)
    journal.positions.set(channel, to)
    this.model.positions.set(`${journal.owner.collector} ${channel}`, journal.number)
    if (storedUntil === null) return
    const key = `${journal.number} ${channel}`
    this.model.stored.set(key, Math.max(this.model.stored.get(key) ?? 0, storedUntil))
  }

  async #lose(): Promise<void> {
    const from = this.#about()
    const to = this.#random.below(9) === 0 ? null : from + 1 + this.#random.below(50)
    const loss = { order: this.#order++, from, to, stream: null, channel: null }
    const base = { from, ...(to !== null && { to }), reason: 'test' }
    const losses = new LossRepository(this.#db)
    const kind = this.#random.below(5)
    const line = this.#lines.length === 0 ? undefined : this.#random.pick(this.#lines)
    const { collectorId, number } = this.#random.pick(this.#journals)
    const index = this.#random.below(CHANNELS.length)
    const channel = CHANNELS[index] ?? 'ticker'
    const position = ++this.#position
    const add = async (which: object) => {
      const sent = { ...base, ...which }
      expect(await losses.add([sent])).toEqual({ added: 1 })
      if ('position' in which) {
        this.#repeats.push(async () => (await losses.add([sent])).added)
      }
    }
    if (kind === 0 && line !== undefined) {
      await add({ collectorId: line.collectorId, lineId: line.key.lineId, position })
      this.model.losses.push({ ...loss, collector: line.model.collector, line: line.model })
    } else if (kind === 1) {
      await add({ collectorId, channel, position })
      this.model.losses.push({ ...loss, channel, collector: number, line: null })
    } else if (kind === 2) {
      await add({ stream: this.#stream(index), collectorId, position })
      this.model.losses.push({ ...loss, stream: index, collector: number, line: null })
    } else if (kind === 3) {
      await add({ stream: this.#stream(index) })
      this.model.losses.push({ ...loss, stream: index, collector: null, line: null })
    } else {
      // Of the table: it lies within this world, for others are in the same database.
      await add({ channel, to: to ?? from + 1 })
      this.model.losses.push({
        ...loss,
        to: to ?? from + 1,
        channel,
        collector: null,
        line: null,
      })
    }
    const ended = this.model.losses.at(-1)
    if (to !== null || ended === undefined || ended.to !== null || ended.collector === null) return
    if (this.#random.below(2) === 0) return
    const end = this.#about()
    const owner = ended.line === null ? collectorId : (line?.collectorId ?? collectorId)
    expect(await losses.end({ collectorId: owner, position, to: end })).toEqual({ ended: 1 })
    ended.to = Math.max(end, from + 1)
  }

  async #prove(): Promise<void> {
    const spans = new SpanRepository(this.#db)
    const id = await spans.beginProof()
    const order = this.#order++
    // A loss that is told while the rows are read cuts the proof.
    if (this.#random.below(3) === 0) await this.#lose()
    const index = this.#random.below(CHANNELS.length)
    const from = this.#about()
    const to = from + this.#random.below(100)
    const evidence = this.#random.pick(['imported', 'rest', 'archive'] as const)
    const proof = { id, evidence, spans: [{ stream: this.#stream(index), from, to }] }
    expect(await spans.prove(proof)).toEqual({ proved: 1 })
    this.model.claims.push({ order, stream: index, from, to, line: null, evidence })
    this.#repeats.push(async () => (await spans.prove(proof)).proved)
  }

  /** The process was killed: the next one ends its lines, or has another journal and knows nothing of them. */
  async #restart(): Promise<void> {
    const { owner, collectorId } = this.#random.pick(this.#journals)
    const open = this.#lines.filter((line) => line.model.isOpen && line.collectorId === collectorId)
    if (this.#random.below(2) === 0) {
      for (const line of open) await this.#endLine(line)
    } else {
      this.#lines = this.#lines.filter((line) => !open.includes(line))
      await this.#begin(owner.collector)
    }
  }

  async #repeat(): Promise<void> {
    if (this.#repeats.length > 0) expect(await this.#random.pick(this.#repeats)()).toBe(0)
  }

  /** Compares every millisecond, and both days, with the model. */
  async check(): Promise<void> {
    const days = [this.#midnight - DAY_MS, this.#midnight]
    const summed = await Promise.all(
      days.map((ms) => percent(this.#db, { day: new Date(ms).toISOString().slice(0, 10) })),
    )
    const both = await percent(this.#db, {
      day: new Date(days[0] ?? 0).toISOString().slice(0, 10),
      lastDay: new Date(days[1] ?? 0).toISOString().slice(0, 10),
    })
    for (const [index, stream] of this.streams.entries()) {
      const read = await coverage(this.#db, { stream, from: this.start, to: this.end })
      const said = statesOf(read, this.start, this.end)
      const expected = said.map((_, ms) => this.model.at(index, this.start + ms))
      expect(differences(said, expected)).toEqual([])
      const halves = [expected.slice(0, BEFORE_MIDNIGHT), expected.slice(BEFORE_MIDNIGHT)]
      for (const [day, half] of halves.entries()) {
        const found = summed[day]?.find(
          (row) =>
            row.stream.channel === stream.channel &&
            'symbol' in row.stream &&
            row.stream.symbol === stream.symbol,
        )
        const wantedMs = half.filter((state) => state !== null).length
        if (wantedMs === 0) {
          expect(found).toBeUndefined()
          continue
        }
        const covered = half.map((state) => state?.startsWith('covered') ?? null)
        const runs = runsOf(covered)
        expect(found).toMatchObject({
          wantedMs,
          coveredMs: covered.filter(Boolean).length,
          gaps: runs.length,
          largestGapMs: Math.max(0, ...runs),
        })
      }
      const whole = both.find(
        (row) => 'symbol' in row.stream && row.stream.symbol === stream.symbol,
      )
      expect(whole?.wantedMs ?? 0).toBe(expected.filter((state) => state !== null).length)
    }
  }
}

function times<Step>(count: number, step: Step): readonly Step[] {
  return Array.from({ length: count }, () => step)
}

function differences(said: readonly unknown[], expected: readonly unknown[]): readonly string[] {
  return said
    .flatMap((state, ms) =>
      state === expected[ms] ? [] : [`${ms}: ${state}, not ${expected[ms]}`],
    )
    .slice(0, 5)
}

/** The lengths of the runs of what is wanted and not covered. */
function runsOf(covered: readonly (boolean | null)[]): readonly number[] {
  const runs: number[] = []
  let length = 0
  for (const state of [...covered, null]) {
    if (state === false) length++
    else {
      if (length > 0) runs.push(length)
      length = 0
    }
  }
  return runs
}

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const RUNS = Number(process.env['RUNS'] ?? 8)

describe.each(DATABASES)('the ledger on %s', { timeout: START_TIMEOUT_MS }, (_name, open) => {
  let opened: OpenedDatabase
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  it('says of each millisecond what a plain reckoning says', async () => {
    const today = Math.floor((await nowOf(opened.db)) / DAY_MS) * DAY_MS
    for (let run = 0; run < RUNS; run++) {
      // Each world has two days of its own, before yesterday.
      const world = new World(opened.db, SEED + run, today - (3 + 3 * run) * DAY_MS)
      try {
        await world.run()
        await world.check()
        await keepCoverageDays(opened.db, { limit: 400 })
        await world.check()
      } catch (error) {
        throw new Error(`SEED=${SEED + run} RUNS=1 repeats it`, { cause: error })
      }
    }
  })
})
