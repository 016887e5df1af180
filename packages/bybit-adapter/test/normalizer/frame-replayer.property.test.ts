import { CATEGORIES, type Category } from '@grid/core-events'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { BybitPublicStream, ConnectionBudget } from '../../src/index.ts'
import { tradeFrame, wireTrade } from '../support/frames.ts'
import { PaperSocket } from '../support/paper-socket.ts'
import { realMessages } from '../support/real-messages.ts'
import { RecordedStream } from '../support/recorded-stream.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

vi.mock('ws', async () => {
  const { PaperSocket } = await import('../support/paper-socket.ts')
  return { WebSocket: PaperSocket }
})

const SYMBOLS: { readonly [Name in Category]: readonly string[] } = {
  linear: ['BTCUSDT', 'ETHUSDT', '__proto__'],
  inverse: ['BTCUSD', 'ETHUSD', 'XRPUSD'],
  spot: ['BTCUSDT', 'ETHUSDT', 'BTCUSDC'],
  option: ['BTC-26DEC25-120000-C-USDT', 'BTC-26DEC25-110000-P-USDT', 'ETH-26DEC25-4000-C-USDT'],
}
const RECORDED: { readonly [Name in Category]: readonly string[] } = {
  linear: recorded(/ws_(tickers|publicTrade)_linear|linear_tickers_/),
  inverse: recorded(/ws_(tickers|publicTrade)_inverse/),
  spot: recorded(/ws_(tickers|publicTrade)_spot|ws_orderbook|spot_trades_/),
  option: recorded(/ws_(tickers|publicTrade)_option/),
}
const BASE_TS = 1_760_000_000_000
const TOO_LARGE = Object.assign(new Error('too large'), {
  code: 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH',
})

function recorded(path: RegExp): string[] {
  return [...realMessages(path).values()].flat()
}

/** Something that happens to a stream; sockets and symbols are chosen among those there are. */
type Happening =
  | { readonly type: 'text' | 'binary' | 'garbled'; readonly text: string; readonly socket: number }
  | { readonly type: 'oversized' | 'cut'; readonly socket: number }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'symbols'; readonly count: number }
  | { readonly type: 'useless'; readonly symbol: string; readonly socket: number }

const decimal = fc.constantFrom('1', '2', '3.5', '4.25')

/** Ticker messages of few orders, so that many come late, twice or before a snapshot. */
function tickerText(symbol: string): fc.Arbitrary<string> {
  const field = fc.constantFrom('lastPrice', 'markPrice', 'bid1Price', 'ask1Size', 'volume24h')
  const values = fc.dictionary(
    fc.oneof(
      { weight: 9, arbitrary: field },
      fc.constantFrom('bidPrice', 'nextFundingTime', 'anUnknownKey'),
    ),
    fc.oneof({ weight: 9, arbitrary: decimal }, fc.constant(''), fc.constant('no decimal')),
    { maxKeys: 4 },
  )
  return fc
    .record({
      type: fc.constantFrom('delta', 'delta', 'delta', 'snapshot'),
      data: values,
      cs: fc.integer({ min: 1, max: 30 }),
      ts: fc.integer({ min: 0, max: 5 }),
    })
    .map(({ type, data, cs, ts }) =>
      JSON.stringify({
        topic: `tickers.${symbol}`,
        type,
        data: { symbol, ...data },
        cs,
        ts: BASE_TS + ts,
        id: `tickers.${symbol}-${cs}-${BASE_TS}`,
      }),
    )
}

/** Trades of few matches, so that matches go on over frames, connections and checkpoints. */
function tradeText(symbol: string, topicSymbol: string): fc.Arbitrary<string> {
  const trade = fc
    .record({ seq: fc.integer({ min: 1, max: 24 }), id: fc.integer({ min: 1, max: 40 }) })
    .map(({ seq, id }) => wireTrade({ s: symbol, seq, i: `t${id}` }))
  return fc
    .array(trade, { minLength: 1, maxLength: 4 })
    .map((trades) => tradeFrame(trades, topicSymbol))
}

function bookText(symbol: string): fc.Arbitrary<string> {
  const side = fc.oneof(fc.constant([]), fc.tuple(fc.tuple(decimal, decimal)), fc.constant('none'))
  const order = { u: fc.integer({ min: 1, max: 9 }), seq: fc.integer({ min: 1, max: 9 }) }
  return fc.record({ s: fc.constant(symbol), b: side, a: side, ...order }).map((data) =>
    JSON.stringify({
      topic: `orderbook.1.${symbol}`,
      type: 'snapshot',
      ts: BASE_TS,
      data,
    }),
  )
}

function text(category: Category): fc.Arbitrary<string> {
  const symbol = fc.constantFrom(...SYMBOLS[category])
  const odd = fc.constantFrom(
    ...['no JSON', '[]', '{}', '{"topic":7}', '{"topic":"kline.1.BTCUSDT","data":[1,2]}'],
    ...['{"success":false,"ret_msg":"","op":"nothing of ours"}', '{"op":"pong"}'],
  )
  const texts = [
    { weight: 5, arbitrary: symbol.chain(tickerText) },
    {
      weight: 5,
      arbitrary: symbol.chain((name) =>
        tradeText(name, category === 'option' ? name.slice(0, 3) : name),
      ),
    },
    { weight: 1, arbitrary: odd },
  ]
  if (category === 'spot') texts.push({ weight: 4, arbitrary: symbol.chain(bookText) })
  const real = RECORDED[category]
  if (real.length > 0) texts.push({ weight: 4, arbitrary: fc.constantFrom(...real) })
  return fc.oneof(...texts)
}

function happening(category: Category): fc.Arbitrary<Happening> {
  const socket = fc.nat(3)
  const message = text(category)
  const of = <Type extends Happening['type']>(type: Type) => fc.constant(type)
  return fc.oneof(
    { weight: 60, arbitrary: fc.record({ type: of('text'), text: message, socket }) },
    { weight: 1, arbitrary: fc.record({ type: of('binary'), text: message, socket }) },
    { weight: 1, arbitrary: fc.record({ type: of('garbled'), text: message, socket }) },
    { weight: 1, arbitrary: fc.record({ type: of('oversized'), socket }) },
    { weight: 3, arbitrary: fc.record({ type: of('cut'), socket }) },
    {
      weight: 6,
      arbitrary: fc.record({ type: of('wait'), ms: fc.constantFrom(100, 1_000, 3_000) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ type: of('symbols'), count: fc.integer({ min: 1, max: 3 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: of('useless'),
        symbol: fc.constantFrom(...SYMBOLS[category]),
        socket,
      }),
    },
  )
}

/** Lets everything that waits for nothing but a turn happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** A course of events that comes across everything that a stream may tell. */
function everyHappening(category: Category): Happening[] {
  const [symbol = ''] = SYMBOLS[category]
  const waits: Happening[] = [1, 2, 3, 4, 5, 6].map(() => ({ type: 'wait', ms: 3_000 }))
  return [
    ...waits,
    { type: 'useless', symbol, socket: 0 },
    { type: 'symbols', count: 1 },
    { type: 'oversized', socket: 0 },
    ...waits,
  ]
}

/** What the runs of a category came across, and connections that took over from open ones. */
type Seen = Record<'shared' | 'opened' | 'ended' | 'restarted' | 'forgotten' | 'oversized', number>

function countShared({ entries }: RecordedStream): number {
  const open = new Set<number>()
  let shared = 0
  for (const { kept } of entries) {
    if (!('type' in kept)) continue
    if (kept.type === 'closed') open.delete(kept.connection)
    if (kept.type !== 'opened') continue
    if (open.has(kept.predecessor ?? 0)) shared++
    open.add(kept.connection)
  }
  return shared
}

async function expectSameAfter(
  category: Category,
  happenings: readonly Happening[],
  seen: Seen,
): Promise<void> {
  PaperSocket.all.length = 0
  const clock = new SteppedClock()
  const stream = new BybitPublicStream({
    wsUrl: 'ws://paper',
    category,
    symbols: SYMBOLS[category],
    channels: ['ticker', 'publicTrade'],
    clock,
    budget: new ConnectionBudget({ clock }),
    random: () => 0.5,
    timings: { rotateAfterMs: 8_000, gapPadMs: 1_000, backoffBaseMs: 100, backoffCapMs: 1_000 },
  })
  const kept = new RecordedStream(stream, category, 13)
  void stream.start().catch(() => {})
  await settle()
  for (const next of happenings) {
    const open = PaperSocket.all.filter(({ readyState }) => readyState === PaperSocket.OPEN)
    const socket = 'socket' in next ? open[next.socket % Math.max(1, open.length)] : undefined
    if (next.type === 'text') socket?.deliver(next.text)
    if (next.type === 'binary') socket?.emit('message', Buffer.from(next.text), true)
    if (next.type === 'garbled') {
      const bytes = Buffer.from(next.text)
      bytes[bytes.length >> 1] = 0xff
      socket?.emit('message', bytes, false)
    }
    if (next.type === 'oversized') socket?.emit('error', TOO_LARGE)
    if (next.type === 'cut') socket?.terminate()
    if (next.type === 'wait') clock.advance(next.ms)
    if (next.type === 'symbols') stream.setSymbols(SYMBOLS[category].slice(0, next.count))
    if (next.type === 'useless') {
      // So many repetitions in a row that the topic is asked for anew.
      const { symbol } = next
      for (let at = 0; at < 21; at++) {
        socket?.deliver(
          JSON.stringify({
            topic: `tickers.${symbol}`,
            type: 'delta',
            data: { symbol },
            cs: 0,
            ts: BASE_TS,
            id: `tickers.${symbol}-0-${BASE_TS}`,
          }),
        )
      }
    }
    await settle()
  }
  kept.expectSame()
  await stream.close()
  kept.expectSame()
  expect(stream.checkpoint()).toEqual([])
  seen.shared += countShared(kept)
  for (const type of ['opened', 'ended', 'restarted', 'forgotten', 'oversized'] as const) {
    seen[type] += kept.controls(type).length
  }
}

test.each(CATEGORIES)(
  'kept %s frames, read again from the start or from any checkpoint, give the same',
  async (category) => {
    const seen: Seen = {
      shared: 0,
      opened: 0,
      ended: 0,
      restarted: 0,
      forgotten: 0,
      oversized: 0,
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening(category), { minLength: 40, maxLength: 160, size: 'max' }),
        (happenings) => expectSameAfter(category, happenings, seen),
      ),
      { numRuns: 20, examples: [[everyHappening(category)]] },
    )
    for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0)
  },
  60_000,
)
