import { optionSymbols, type Simulator, startSimulator } from '@grid/bybit-sim'
import {
  CATEGORIES,
  type PublicEvent,
  type PublicTradeEvent,
  type TickerEvent,
} from '@grid/core-events'
import { expect, onTestFinished, test } from 'vitest'
import {
  BybitPublicStream,
  type PublicCategory,
  type PublicStreamOptions,
  type StreamStatus,
} from '../../src/index.ts'
import { until } from '../support/until.ts'

const LINEAR = Array.from({ length: 600 }, (_, index) => `COIN${index}USDT`)

interface Capture {
  readonly stream: BybitPublicStream
  readonly trades: PublicTradeEvent[]
  readonly tickers: TickerEvent[]
  readonly statuses: StreamStatus[]
  readonly faults: unknown[]
}

function capture(
  sim: Simulator,
  category: PublicCategory,
  symbols: readonly string[],
  options: Partial<PublicStreamOptions> = {},
): Capture {
  const stream = new BybitPublicStream({
    wsUrl: sim.wsUrl,
    category,
    symbols,
    channels: ['ticker', 'publicTrade'],
    ...options,
  })
  onTestFinished(() => stream.close())
  const result: Capture = { stream, trades: [], tickers: [], statuses: [], faults: [] }
  stream.on('normalized', ({ events, deadLetters, discarded }) => {
    for (const event of events as PublicEvent[]) {
      if (event.channel === 'ticker') result.tickers.push(event)
      else result.trades.push(event)
    }
    result.faults.push(...deadLetters)
    result.faults.push(...discarded.filter(({ reason }) => reason !== 'repeated_book'))
  })
  stream.on('status', (status) => result.statuses.push(status))
  return result
}

test.each(CATEGORIES)(
  'everything that was sent of %s is captured, value for value',
  async (category) => {
    const names = {
      linear: ['BTCUSDT', 'ETHUSDT', '币安人生USDT'],
      inverse: ['BTCUSD', 'ETHUSD'],
      // Seven pairs make 21 topics, which spot takes in requests of ten.
      spot: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'ADAUSDT', 'DOTUSDT', '龙.5USDT'],
      option: [
        ...optionSymbols('BTC', [100_000, 120_000], Date.now()),
        ...optionSymbols('XRP', [0.5], Date.now()),
      ],
    }
    const sim = await startSimulator({
      seed: 11,
      symbols: names.linear,
      inverse: names.inverse,
      spot: names.spot,
      option: names.option,
    })
    onTestFinished(() => sim.stop())
    const { stream, trades, tickers, faults } = capture(sim, category, names[category])
    await stream.start()
    await until('traffic', () => trades.length > 100 && tickers.length > 50)
    sim.pause()
    const sent = (item: { category: string; sentTo: readonly number[] }): boolean =>
      item.category === category && item.sentTo.length > 0
    const truth = sim.truth()
    const sentTrades = truth.trades.filter(sent)
    const sentTickers = truth.tickers.filter(sent)
    const sentBooks = truth.books.filter(sent)
    await until('the last of it', () => {
      const count = sentTickers.length + sentBooks.length
      return trades.length === sentTrades.length && tickers.length === count
    })
    expect(faults).toEqual([])
    expect(trades.map(({ tradeId, price, size, seq }) => [tradeId, price, size, seq])).toEqual(
      sentTrades.map(({ tradeId, price, size, seq }) => [tradeId, price, size, seq]),
    )
    // A new subscriber gets the book again, at a later time than its making.
    const seqs = (events: readonly { symbol: string; seq: number }[]): string[] =>
      events.map(({ symbol, seq }) => `${symbol} ${seq}`).sort()
    expect(seqs(tickers)).toEqual(seqs([...sentTickers, ...sentBooks]))
    expect(sentBooks.length > 0).toBe(category === 'spot')
    for (const { symbol, seq, bidPrice, askSize } of sentBooks) {
      const event = tickers.find(
        (one) => one.symbol === symbol && one.seq === seq && !one.isSnapshot,
      )
      expect(event).toMatchObject({ bid1Price: bidPrice, ask1Size: askSize })
    }
  },
)

test('600 symbols share two connections and follow listings without a reconnect', async () => {
  const sim = await startSimulator({
    seed: 3,
    symbols: [...LINEAR, 'NEWUSDT'],
    tradesPerSecond: 0.1,
  })
  onTestFinished(() => sim.stop())
  const { stream, statuses } = capture(sim, 'linear', LINEAR)
  await stream.start()
  expect(stream.topics().every(({ state }) => state === 'live')).toBe(true)
  expect(stream.topics()).toHaveLength(1200)
  expect(sim.connections()).toHaveLength(2)
  stream.setSymbols([...LINEAR.slice(1), 'NEWUSDT'])
  const find = (symbol: string) => stream.topics().filter((topic) => topic.symbol === symbol)
  expect(find('COIN0USDT')).toEqual([])
  await until('the new one', () => find('NEWUSDT').every(({ state }) => state === 'live'))
  expect(find('NEWUSDT')).toHaveLength(2)
  expect(statuses.filter(({ type }) => type === 'open' || type === 'closed')).toHaveLength(2)
  stream.setSymbols(['NEWUSDT'])
  await until('one connection', () => sim.connections().filter(({ open }) => open).length === 1)
  expect(() => stream.setSymbols(['not a name'])).toThrowError(
    expect.objectContaining({ code: 'INVALID_OPTION', option: 'symbols' }),
  )
}, 300_000)
