import {
  CATEGORIES,
  EARLIEST_EXCHANGE_TS,
  eventKey,
  type PublicEvent,
  type PublicTradeEvent,
  SOURCES,
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerEvent,
  type TickerFieldKind,
} from '@grid/core-events'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type BulkInsertResult,
  migrate,
  type PartitionedTable,
  PublicTradeRepository,
  type RangeQuery,
  TickerSnapshotRepository,
} from '../../src/index.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, decimal, ticker } from '../support/events.ts'

const TO = Date.UTC(2019, 0, 4)
const SYMBOL = 'RANDOM'

const digits = (max: number) => fc.stringMatching(new RegExp(`^(0|[1-9][0-9]{0,${max}})$`))
/** Decimals that PostgreSQL writes as they were sent. */
const decimals = fc
  .tuple(fc.boolean(), digits(40), fc.option(fc.stringMatching(/^[0-9]{1,40}$/)))
  .map(([isNegative, integer, fraction]) => {
    const text = fraction === null ? integer : `${integer}.${fraction}`
    return decimal(isNegative && /[1-9]/.test(text) ? `-${text}` : text)
  })
const names = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((text) => !/[\s|\p{Cc}]/u.test(text) && text.length <= 64)
const sequences = fc.maxSafeInteger().map((n) => Math.abs(n) - 1)
const base = {
  category: fc.constantFrom(...CATEGORIES),
  exchangeTs: fc.integer({ min: EARLIEST_EXCHANGE_TS, max: TO - 1 }),
  localTsUs: fc.maxSafeInteger().map(Math.abs),
  source: fc.constantFrom(...SOURCES),
  seq: sequences,
}
const trades: fc.Arbitrary<PublicTradeEvent> = fc.record({
  ...base,
  channel: fc.constant('publicTrade' as const),
  symbol: fc.constant(SYMBOL),
  tradeId: names,
  side: names,
  price: decimals,
  size: decimals,
  tickDirection: fc.option(names),
  isBlockTrade: fc.option(fc.boolean()),
  isRpiTrade: fc.option(fc.boolean()),
  matchIndex: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
  markPrice: fc.option(decimals),
  indexPrice: fc.option(decimals),
  markIv: fc.option(decimals),
  iv: fc.option(decimals),
})
const valuesOfKind: Record<TickerFieldKind, fc.Arbitrary<string | number>> = {
  decimal: decimals,
  text: names,
  timestamp: fc.integer({ min: 0, max: 4e12 }),
}
const values = fc.record(
  Object.fromEntries(
    TICKER_FIELD_NAMES.map((name) => [name, fc.option(valuesOfKind[TICKER_FIELDS[name].kind])]),
  ),
)
// PostgreSQL's jsonb holds neither NUL nor −0, and Bybit sends neither.
const json = fc
  .dictionary(names, fc.jsonValue({ maxDepth: 2 }))
  .filter((value) => !/\\u0000|-0[^.\d]/.test(JSON.stringify(value)))
  .map((value) => JSON.parse(JSON.stringify(value)))
const tickers: fc.Arbitrary<TickerEvent> = fc
  .record({
    ...base,
    isSnapshot: fc.boolean(),
    changed: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    extra: fc.option(json),
    values,
  })
  .map(({ values, ...rest }) => ({ ...ticker({ symbol: SYMBOL }), ...rest, ...values }))

interface Repository<Event> {
  bulkInsert(events: readonly Event[]): Promise<BulkInsertResult<Event>>
  range(query: RangeQuery): AsyncIterable<Event>
}

describe.each(DATABASES)('arbitrary events through %s', (name, open) => {
  let opened: OpenedDatabase
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  /** fast-check prints the seed of a failure, and the smallest batch that fails. */
  async function checkRoundTrip<Event extends PublicEvent>(
    arbitrary: fc.Arbitrary<Event>,
    table: PartitionedTable,
    repository: Repository<Event>,
  ): Promise<void> {
    const batches = fc.uniqueArray(arbitrary, { minLength: 1, maxLength: 30, selector: eventKey })
    const property = fc.asyncProperty(batches, async (sent) => {
      await opened.db.deleteFrom(table).execute()
      const result = await repository.bulkInsert(sent)
      expect(result).toEqual({ inserted: sent.length, duplicates: 0, merged: 0, conflicts: [] })
      for (const category of CATEGORIES) {
        const query = { category, symbol: SYMBOL, from: EARLIEST_EXCHANGE_TS, to: TO, pageSize: 7 }
        const stored = await collect(repository.range(query))
        expect(byKey(stored)).toEqual(byKey(sent.filter((event) => event.category === category)))
      }
    })
    await fc.assert(property, {
      numRuns: Number(process.env['RUNS'] ?? (name === 'PGlite' ? 15 : 60)),
    })
  }

  it('trades come back equal', () =>
    checkRoundTrip(trades, 'public_trades', new PublicTradeRepository(opened.db)))

  it('tickers come back equal', () =>
    checkRoundTrip(tickers, 'ticker_snapshots', new TickerSnapshotRepository(opened.db)))
})

function byKey<Event extends PublicEvent>(events: readonly Event[]): ReadonlyMap<string, Event> {
  return new Map(events.map((event) => [eventKey(event), event]))
}
