import type { PublicEvent, PublicTradeEvent, TickerEvent } from '@grid/core-events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate, PublicTradeRepository, TickerSnapshotRepository } from '../../src/index.ts'
import type { MarketRepository } from '../../src/market/market-repository.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'
import { collect, decimal, T0, ticker, trade } from '../support/events.ts'

const numbers = [0, 1, 2, 3]
const extra = { odd: ['Ü"\\', null] }

const TRADES: Readonly<Record<string, readonly PublicTradeEvent[]>> = {
  one: [trade()],
  'alike in all but the id': numbers.map((n) => trade({ tradeId: `t${n}` })),
  'alike in what few have': numbers.map((n) =>
    trade({ tradeId: `t${n}`, tickDirection: 'Odd"Tick', iv: decimal('0.50') }),
  ),
  'of which one alone has it': numbers.map((n) =>
    trade({
      tradeId: `t${n}`,
      isRpiTrade: n === 2 ? true : null,
      iv: n === 3 ? decimal('1') : null,
    }),
  ),
  'of which the first alone has it': numbers.map((n) =>
    trade({ tradeId: `t${n}`, tickDirection: n === 0 ? 'Odd' : null, seq: n === 0 ? 1 : -1 }),
  ),
  'equal in value, not in digits': numbers.map((n) =>
    trade({ tradeId: `t${n}`, price: decimal(`1.${'0'.repeat(n + 1)}`) }),
  ),
}

const TICKERS: Readonly<Record<string, readonly TickerEvent[]>> = {
  one: [ticker({ extra, markPrice: decimal('1.50') })],
  'alike in all but the seq': numbers.map((seq) => ticker({ seq, extra })),
  'alike by value only': numbers.map((seq) => ticker({ seq, extra: structuredClone(extra) })),
  'of which one alone has values': numbers.map((seq) =>
    seq === 2 ? ticker({ seq, extra: {}, nextFundingTime: T0 }) : ticker({ seq }),
  ),
  'without any value': numbers.map((seq) => ticker({ seq })),
}

describe.each(DATABASES)('a batch on %s', (_name, open) => {
  let opened: OpenedDatabase
  beforeAll(async () => {
    opened = await open()
    await migrate(opened.db)
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  /** Stores events of one symbol together and of another one by one, and compares what is read. */
  async function compare<Event extends PublicEvent>(
    repository: MarketRepository<Event>,
    events: readonly Event[],
    name: string,
  ): Promise<void> {
    const [batch, single] = ['batch', 'single'].map((way) =>
      events.map((event) => ({ ...event, symbol: `${way} ${name}` })),
    ) as [Event[], Event[]]
    expect(await repository.bulkInsert(batch)).toMatchObject({ inserted: events.length })
    for (const event of single) await repository.bulkInsert([event])
    const read = async ([first]: readonly Event[]) => {
      const { category = 'linear', symbol = '' } = first ?? {}
      return collect(repository.range({ category, symbol, from: T0, to: T0 + 1 }))
    }
    expect(await read(batch)).toEqual(batch)
    expect(await read(single)).toEqual(single)
    expect(await repository.bulkInsert(batch)).toMatchObject({ duplicates: events.length })
  }

  it.each(Object.entries(TRADES))('of trades %s is stored like single rows', (name, events) =>
    compare(
      new PublicTradeRepository(opened.db),
      events.toSorted((a, b) => a.seq - b.seq),
      name,
    ),
  )

  it.each(Object.entries(TICKERS))('of tickers %s is stored like single rows', (name, events) =>
    compare(new TickerSnapshotRepository(opened.db), events, name),
  )
})
