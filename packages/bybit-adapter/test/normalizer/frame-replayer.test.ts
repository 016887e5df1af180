import { TICKER_FIELD_NAMES } from '@grid/core-events'
import { expect, test } from 'vitest'
import { tickerValues } from '../../src/channels/ticker/ticker-list.ts'
import { TickerStates } from '../../src/channels/ticker/ticker-state.ts'
import { type ConnectionCheckpoint, FrameReplayer } from '../../src/index.ts'
import { snapshotFrame, tickerFrame, tradeFrame, wireTrade } from '../support/frames.ts'

const frame = (text: string, connection = 1) => ({
  bytes: Buffer.from(text),
  localTsUs: 1_760_000_000_000_000,
  connection,
})
const trade = (i: string) => tradeFrame([wireTrade({ i })])

const EMPTY = { connection: 1, sharesWith: null, state: {} } satisfies ConnectionCheckpoint

test.each<[string, ConnectionCheckpoint]>([
  ['a ticker without its values', { ...EMPTY, state: { tickers: [{ symbol: 'BTCUSDT' }] } }],
  ['a match without its number', { ...EMPTY, state: { publicTrade: { recent: [['X', ['a']]] } } }],
  ['a list for an object', { ...EMPTY, state: { publicTrade: [] } }],
  ['a connection that was not put back', { ...EMPTY, sharesWith: 7 }],
])('a checkpoint with %s is refused', (_name, checkpoint) => {
  const replayer = new FrameReplayer({ category: 'linear' })
  const restore = () => replayer.restore(checkpoint)
  expect(restore).toThrow(expect.objectContaining({ code: 'CHECKPOINT_UNREADABLE' }))
  // It goes on as if it had been told nothing.
  expect(replayer.normalize(frame(trade('a'))).events).toMatchObject([{ matchIndex: 0 }])
})

test('values that are fewer or more than their mask says are refused', () => {
  const replayer = new FrameReplayer({ category: 'linear' })
  replayer.normalize(frame(snapshotFrame({ lastPrice: '1', markPrice: '2' })))
  const text = JSON.stringify(replayer.checkpoint()[0])
  expect(text).toContain('"1","2"')
  for (const wrong of ['"1"', '"1","2","3"']) {
    const checkpoint = JSON.parse(text.replace('"1","2"', wrong)) as ConnectionCheckpoint
    expect(() => new FrameReplayer({ category: 'linear' }).restore(checkpoint)).toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_UNREADABLE' }),
    )
  }
})

test('what a later version remembers of other topics is left alone', () => {
  const replayer = new FrameReplayer({ category: 'linear' })
  replayer.restore({ ...EMPTY, state: { aLaterTopic: { any: 'thing' } } })
  expect(replayer.normalize(frame(trade('a'))).events).toHaveLength(1)
})

test('frames of a connection of which nothing was told are read as those of a new one', () => {
  const replayer = new FrameReplayer({ category: 'linear' })
  const early = replayer.normalize(frame(tickerFrame({ lastPrice: '7' }), 9))
  expect(early.discarded).toMatchObject([{ reason: 'delta_before_snapshot' }])
  const before = replayer.normalize(frame(trade('a'), 9)).events
  expect(before).toMatchObject([{ matchIndex: 0 }])
  replayer.control({ type: 'opened', connection: 10, predecessor: 9 })
  const after = replayer.normalize(frame(trade('b'), 10)).events
  expect(after).toMatchObject([{ matchIndex: 1 }])
})

test('eight messages of a ticker take far less space than eight tickers', () => {
  const replayer = new FrameReplayer({ category: 'linear' })
  const values = Object.fromEntries(TICKER_FIELD_NAMES.map((name, at) => [name, `${at}.123456`]))
  const decimals = Object.fromEntries(
    Object.entries(values).filter(([name]) => !/Direction|Time|Phase/.test(name)),
  )
  replayer.normalize(frame(snapshotFrame(decimals)))
  const whole = JSON.stringify(replayer.checkpoint()).length
  for (let cs = 2; cs < 12; cs++) {
    replayer.normalize(
      frame(tickerFrame({ lastPrice: `${cs}`, ask1Size: `${cs}` }, { cs, ts: 1760000000000 + cs })),
    )
  }
  expect(JSON.stringify(replayer.checkpoint()).length).toBeLessThan(2 * whole)
})

test('the list of a ticker has each value at its bit', () => {
  const ticker = new TickerStates('linear').empty('BTCUSDT')
  const byName = TICKER_FIELD_NAMES.map(
    (name, bit) => Object.assign(ticker, { [name]: `${bit}` })[name],
  )
  expect(tickerValues(ticker)).toEqual(byName)
})
