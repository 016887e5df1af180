import {
  CATEGORIES,
  CHANNEL_DEFINITIONS,
  type DeadLetter,
  decodeEvent,
  type ExecutionEvent,
  encodeEvent,
  eventKey,
  type PositionEvent,
  type WalletEvent,
} from '@grid/core-events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPrivateNormalizer, PREDECESSOR_FILTER } from '../../src/index.ts'
import { readReply } from '../../src/rest/http/reply.ts'
import { readPrivateRows } from '../../src/rest/lists/private-rows.ts'
import {
  ACCOUNT_ID,
  privateFrame,
  privateReply,
  wireCoin,
  wireExecution,
  wireOrder,
  wirePosition,
  wireWallet,
} from '../support/private-frames.ts'

const LOCAL_TS_US = 1_760_000_000_200_000
const normalizer = createPrivateNormalizer({ accountId: ACCOUNT_ID })
const normalize = (frame: string | Uint8Array) => normalizer.normalize(frame, LOCAL_TS_US)
const replyOf = (result: Record<string, unknown>, time?: unknown) =>
  readReply(
    '/v5/x',
    { status: 200, headers: new Headers(), bytes: privateReply(result, time) },
    LOCAL_TS_US,
  )
const rawOf = ({ raw }: DeadLetter): unknown => JSON.parse(Buffer.from(raw).toString())

describe('a private normalizer', () => {
  it('reads each channel, by one topic for all categories or one for each', () => {
    const items = {
      execution: wireExecution(),
      order: wireOrder(),
      position: wirePosition(),
      wallet: wireWallet(),
    }
    for (const [channel, item] of Object.entries(items)) {
      const topics = channel === 'wallet' ? [channel] : [channel, `${channel}.linear`]
      const keys = topics.map((topic) => {
        const { events, deadLetters, discarded } = normalize(privateFrame(topic, [item]))
        expect([deadLetters, discarded]).toEqual([[], []])
        expect(events[0]).toMatchObject({ channel, accountId: ACCOUNT_ID, extra: null })
        return events.map(eventKey)
      })
      expect(new Set(keys.flat()).size).toBe(1)
    }
  })

  it('discards rows of Event Contracts by their reason, and no row beside them', () => {
    const event = { category: 'event', symbol: 'BTC-UPDOWN', orderId: '1', payoutRatio: '1.8' }
    const odd = { ...event, category: 'events' }
    for (const [topic, item] of [
      ['order', wireOrder()],
      ['execution', wireExecution()],
    ] as const) {
      const { events, deadLetters, discarded } = normalize(
        privateFrame(topic, [event, item, odd, { ...event, symbol: 7 }]),
      )
      expect(events).toMatchObject([{ channel: topic, category: 'linear' }])
      expect(deadLetters.map(rawOf)).toEqual([odd])
      const reason = 'category_not_captured'
      expect(discarded).toEqual([
        { channel: topic, topic, symbol: 'BTC-UPDOWN', reason },
        { channel: topic, topic, symbol: null, reason },
      ])
    }
    // In a reply of one category such a row is a fault.
    const rows = readPrivateRows('order', replyOf({ list: [event] }), {
      accountId: ACCOUNT_ID,
      category: 'linear',
    })
    expect(rows.deadLetters).toHaveLength(1)
  })

  it('reads the values and types of execution that came in 2026', () => {
    const item = wirePosition({ netDeltaRatio: '0.1250' })
    const [position] = normalize(privateFrame('position', [item])).events
    expect(position).toMatchObject({ netDeltaRatio: '0.1250', extra: null })
    const [before] = normalize(privateFrame('position', [wirePosition()])).events
    expect(before).toMatchObject({ netDeltaRatio: null })
    expect((position as PositionEvent).contentHash).toBe((before as PositionEvent).contentHash)
    for (const execType of ['ForwardSplitSettle', 'ReverseSplitSettle', 'Dividend']) {
      const [execution] = normalize(privateFrame('execution', [wireExecution({ execType })])).events
      expect(execution).toMatchObject({ execType })
    }
  })

  it("takes the topic's category for items that name none", () => {
    const item = wireExecution({ category: undefined })
    const { events } = normalize(privateFrame('execution.inverse', [item]))
    expect(events[0]).toMatchObject({ category: 'inverse' })
    const { deadLetters } = normalize(privateFrame('execution', [item]))
    expect(deadLetters[0]).toMatchObject({
      field: 'category',
      category: null,
      channel: 'execution',
    })
  })

  it('tells null from zero, and keeps unknown keys', () => {
    const item = wireExecution({
      execPnl: undefined,
      closedSize: '',
      execFee: '0',
      execType: 'Brand New Type',
      brandNewKey: { nested: ['1.10'] },
    })
    const { events } = normalize(privateFrame('execution', [item]))
    expect(events[0]).toMatchObject({
      execPnl: null,
      closedSize: null,
      execFee: '0',
      orderLinkId: null,
      execType: 'Brand New Type',
      extra: { brandNewKey: { nested: ['1.10'] } },
    })
  })

  it('gives one event a coin, and one with only the totals if there is no coin', () => {
    const coins = [wireCoin(), wireCoin({ coin: 'BTC', brandNew: '1' })]
    const frame = privateFrame('wallet', [wireWallet(coins, { marginMode: 'X' }), wireWallet([])])
    const { events, deadLetters } = normalize(frame)
    expect(deadLetters).toEqual([])
    const wallets = events as readonly WalletEvent[]
    expect(wallets.map(({ coin }) => coin)).toEqual(['USDT', 'BTC', ''])
    expect(wallets[1]).toMatchObject({
      totalEquity: '10000.5',
      walletBalance: '10000.1',
      extra: { 'account.marginMode': 'X', brandNew: '1' },
    })
    expect(wallets[2]).toMatchObject({ totalEquity: '10000.5', walletBalance: null, extra: null })
  })

  it('loses only the bad item, whose own bytes are kept', () => {
    const bad = wireExecution({ execId: 'b', execQty: 0.1 })
    const coin = wireCoin({ coin: 'BTC', equity: 'NaN' })
    const executions = privateFrame('execution', [wireExecution(), bad, wireExecution()])
    const wallet = privateFrame('wallet', [wireWallet([coin, wireCoin()]), 7])
    const first = normalize(executions)
    expect(first.events).toHaveLength(2)
    expect(first.deadLetters).toMatchObject([
      {
        code: 'ITEM_MALFORMED',
        field: 'execQty',
        reason: 'execQty must be a decimal string such as "100000.10", got 0.1',
        category: 'linear',
        channel: 'execution',
        topic: 'execution',
        symbol: 'BTCUSDT',
        accountId: ACCOUNT_ID,
        source: 'ws',
        localTsUs: LOCAL_TS_US,
      },
    ])
    expect(first.deadLetters.map(rawOf)).toEqual([bad])
    const second = normalize(wallet)
    expect(second.events).toHaveLength(1)
    expect(second.deadLetters).toMatchObject([{ field: 'equity', category: null }, { field: null }])
    expect(second.deadLetters.map(rawOf)).toEqual([coin, 7])
  })

  it.each([
    ['execId', wireExecution({ execId: '' })],
    ['execTime', wireExecution({ execTime: '0' })],
    ['execTime', wireExecution({ execTime: undefined })],
    ['symbol', wireExecution({ symbol: 'A|B' })],
    ['category', wireExecution({ category: 'futures' })],
    ['execFee', wireExecution({ execFee: 'Infinity' })],
    ['isMaker', wireExecution({ isMaker: 'yes' })],
    ['seq', wireExecution({ seq: 1.5 })],
    ['orderLinkId', wireExecution({ orderLinkId: 'a\0' })],
    ['extraFees', wireExecution({ extraFees: ['\ud800'] })],
    ['new\\u0000key', wireExecution({ 'new\0key': 1 })],
  ])('names %s', (field, item) => {
    const { events, deadLetters } = normalize(privateFrame('execution', [item]))
    expect(events).toEqual([])
    expect(deadLetters).toMatchObject([{ code: 'ITEM_MALFORMED', field }])
  })

  it('keeps the whole message if the time that identifies its items is missing', () => {
    for (const [topic, item] of [
      ['position', wirePosition()],
      ['wallet', wireWallet()],
    ] as const) {
      const frame = privateFrame(topic, [item], '')
      const { deadLetters } = normalize(frame)
      expect(deadLetters).toMatchObject([{ field: 'creationTime' }])
      expect(deadLetters.map(rawOf)).toEqual([JSON.parse(frame)])
    }
    // Executions and orders have their own time.
    expect(normalize(privateFrame('execution', [wireExecution()], '')).events).toHaveLength(1)
  })

  it.each([
    ['FRAME_NOT_JSON', '{'],
    ['FRAME_MALFORMED', '[]'],
    ['FRAME_MALFORMED', '{}'],
    ['FRAME_MALFORMED', '{"topic":1}'],
    ['FRAME_MALFORMED', '{"topic":"order","data":{}}'],
  ])('gives %s for %s', (code, frame) => {
    const { events, deadLetters } = normalize(frame)
    expect(events).toEqual([])
    expect(deadLetters).toMatchObject([{ code, accountId: ACCOUNT_ID }])
    expect(deadLetters.map(({ raw }) => Buffer.from(raw).toString())).toEqual([frame])
  })

  it.each([
    '{"success":true,"ret_msg":"","op":"auth","conn_id":"x"}',
    '{"req_id":"1","op":"pong","args":["1760000000000"],"conn_id":"x"}',
    '{"success":true,"ret_msg":"","op":"subscribe","conn_id":"x"}',
  ])('gives nothing for %s', (frame) => {
    expect(normalize(frame)).toEqual({ events: [], deadLetters: [], discarded: [] })
  })

  it.each(['execution.fast', 'execution.fast.linear', 'greeks', 'wallet.linear', 'order.futures'])(
    'discards what %s brings, item by item',
    (topic) => {
      const reason = 'unsupported_topic'
      expect(normalize(privateFrame(topic, [1, 2])).discarded).toMatchObject([
        { reason },
        { reason },
      ])
    },
  )

  it('tells two messages about a leg in one millisecond apart, and recognises a repetition', () => {
    const keyOf = (fields: Record<string, unknown>): string | undefined =>
      normalize(privateFrame('position', [wirePosition(fields)])).events.map(eventKey)[0]
    expect(keyOf({ size: '1' })).not.toBe(keyOf({ size: '2' }))
    expect(keyOf({ size: '1' })).toBe(keyOf({ size: '1' }))
  })

  it('reads a leg that was never traded', () => {
    const item = wirePosition({ seq: -1, updatedTime: '0', createdTime: '', leverage: '' })
    const { events } = normalize(privateFrame('position', [item]))
    expect(events[0]).toMatchObject({ seq: -1, updatedTime: null, createdTime: null, side: '' })
  })

  it('refuses an account id that no row could have', () => {
    for (const accountId of ['', 'main', ACCOUNT_ID.toUpperCase()]) {
      expect(() => createPrivateNormalizer({ accountId })).toThrow(/accountId/)
    }
  })
})

describe('a filter', () => {
  it('keeps what the predecessor kept, and discards the rest as filtered', () => {
    const filtered = createPrivateNormalizer({ accountId: ACCOUNT_ID, filter: PREDECESSOR_FILTER })
    const kept = (topic: string, ...items: unknown[]): [number, readonly string[]] => {
      const { events, discarded } = filtered.normalize(privateFrame(topic, items), LOCAL_TS_US)
      return [events.length, discarded.map(({ reason }) => reason)]
    }
    const spot = { category: 'spot' }
    const market = { orderType: 'Market' }
    const funding = wireExecution({ execType: 'Funding', orderType: 'UNKNOWN' })
    const drops = (items: number): string[] => new Array<string>(items).fill('filtered')
    expect(
      kept('execution', wireExecution(), funding, wireExecution(spot), wireExecution(market)),
    ).toEqual([1, drops(3)])
    expect(kept('order', wireOrder(), wireOrder(spot), wireOrder(market))).toEqual([1, drops(2)])
    expect(kept('position', wirePosition(), wirePosition(spot))).toEqual([1, drops(1)])
    expect(kept('wallet', wireWallet())).toEqual([1, []])
  })
})

describe('a REST row', () => {
  const origin = { accountId: ACCOUNT_ID, category: 'linear' } as const

  it('is the same event that the socket gives', () => {
    const item = wireExecution()
    const { category, ...row } = item
    const reply = replyOf({ category, list: [row], nextPageCursor: 'a%3A1' })
    const { items, deadLetters, cursor } = readPrivateRows('execution', reply, origin)
    const { events } = normalize(privateFrame('execution', [item]))
    expect(deadLetters).toEqual([])
    expect(cursor).toBe('a%3A1')
    expect(items).toEqual(events.map((event) => ({ ...event, source: 'rest' })))
  })

  it('has the same identity although REST writes some values differently', () => {
    const changes = {
      ...{ category: undefined, avgPrice: '0', triggerPrice: '0.00', qty: '0.010' },
      ...{ tpslMode: '', stopOrderType: 'UNKNOWN', triggerBy: 'UNKNOWN', cumFeeDetail: undefined },
    }
    const reply = replyOf({ category: 'linear', list: [wireOrder(changes)] })
    const { items } = readPrivateRows('order', reply, origin)
    const { events } = normalize(privateFrame('order', [wireOrder()]))
    expect(items.map(eventKey)).toEqual(events.map(eventKey))
  })

  it('takes the reply’s time, and REST’s own name for the entry price', () => {
    const { entryPrice, category, ...rest } = wirePosition({ side: 'Buy', size: '1' })
    const reply = replyOf({ category, list: [{ ...rest, avgPrice: '5.0' }] }, 1760000009999)
    const [leg] = readPrivateRows('position', reply, origin).items as readonly PositionEvent[]
    expect(leg).toMatchObject({ exchangeTs: 1760000009999, entryPrice: '5.0', extra: null })
    const wallets = replyOf({ list: [wireWallet()] }, 1760000009999)
    const { items } = readPrivateRows('wallet', wallets, { ...origin, category: null })
    expect(items).toMatchObject([{ exchangeTs: 1760000009999, coin: 'USDT' }])
  })

  it('costs no other when it is bad', () => {
    const bad = wireExecution({ execPrice: '' })
    const reply = replyOf({ category: 'linear', list: [bad, wireExecution()] })
    const { items, deadLetters } = readPrivateRows('execution', reply, origin)
    expect(items).toHaveLength(1)
    expect(deadLetters).toMatchObject([{ field: 'execPrice', topic: '/v5/x', source: 'rest' }])
    expect(deadLetters.map(rawOf)).toEqual([bad])
  })

  it.each([
    ['result.list', { category: 'linear' }, undefined],
    ['result.category', { category: 'spot', list: [] }, undefined],
    ['time', { category: 'linear', list: [] }, 'never'],
  ])('is not read from a reply whose %s is wrong', (field, result, time) => {
    const reply = replyOf(result, time)
    const read = (): unknown => readPrivateRows('position', reply, origin)
    expect(read).toThrow(expect.objectContaining({ code: 'RESPONSE_MALFORMED' }))
    expect(read).toThrow(field)
  })
})

/** Values that are right in some fields, and values that are wrong in all. */
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    ...['', '0', '1', '-1.50', '1e5', '1e99', 'NaN', '0x1', ' 1', 'Buy', 'UNKNOWN', 'BTCUSDT'],
    ...['a b', 'a\0', '\x85', '\ud800', 'x'.repeat(65), '1760000000101', '-1', ...CATEGORIES],
    ...[0, -0, 1, -1, 1.5, 1760000000101, 2 ** 53, 1e300, true, false, null, [], {}],
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: 'binary' }),
)

/** Right values in most fields, so that often a single wrong one decides. */
function mutated(right: Record<string, unknown>): fc.Arbitrary<unknown> {
  const key = fc.oneof(fc.constantFrom(...Object.keys(right), '__proto__', 'avgPrice'), fc.string())
  const changes = fc.array(fc.tuple(key, leaf, fc.boolean()), { maxLength: 3 })
  return changes.map((list) => {
    const entries = new Map(Object.entries(right))
    for (const [name, value, isRemoved] of list) {
      if (isRemoved) entries.delete(name)
      else entries.set(name, value)
    }
    return Object.fromEntries(entries)
  })
}

it('whatever comes in, each item ends up in one list, and every event is storable', () => {
  const coins = fc.array(fc.oneof(mutated(wireCoin()), leaf), { maxLength: 3 })
  const element = fc.oneof(
    mutated(wireExecution()),
    mutated(wireOrder()),
    mutated(wirePosition()),
    coins.map((list) => wireWallet(list)),
    mutated(wireWallet()),
    leaf,
  )
  const topic = fc.constantFrom('execution', 'order.linear', 'position', 'wallet', 'execution.fast')
  const time = fc.oneof({ weight: 3, arbitrary: fc.constant(1760000000110) }, leaf)
  let mapped = 0
  fc.assert(
    fc.property(topic, fc.array(element, { maxLength: 4 }), time, (name, data, creationTime) => {
      const text = privateFrame(name, data, creationTime)
      const { events, deadLetters, discarded } = normalize(Buffer.from(text))
      mapped += events.length
      for (const event of events) {
        expect(CHANNEL_DEFINITIONS[event.channel].schema.safeParse(event).success).toBe(true)
        expect(decodeEvent(encodeEvent(event))).toEqual(event)
      }
      for (const letter of deadLetters) {
        expect(text).toContain(Buffer.from(letter.raw).toString())
        for (const stored of [letter.reason, letter.field, letter.topic, letter.symbol]) {
          if (stored !== null) expect(/[\p{Cc}\p{Cs}]/u.test(stored), stored).toBe(false)
        }
      }
      const sum = events.length + deadLetters.length + discarded.length
      if (name === 'wallet') expect(sum).toBeGreaterThanOrEqual(data.length)
      else expect(sum).toBe(data.length)
    }),
    { numRuns: 1500 },
  )
  expect(mapped).toBeGreaterThan(100)
})

it('arbitrary bytes never throw', () => {
  const frame = Buffer.from(privateFrame('wallet', [wireWallet(), wireWallet()]))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), (garbage, at) => {
      expect(normalize(garbage).events).toEqual([])
      const changed = Buffer.from(frame)
      changed.set(garbage.subarray(0, 3), at % (frame.length - 3))
      for (const event of normalize(changed).events as readonly ExecutionEvent[]) {
        expect(JSON.stringify(event)).not.toContain('\ufffd')
      }
    }),
    { numRuns: 1000 },
  )
})
