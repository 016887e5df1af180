import type { DeadLetter } from '@grid/core-events'
import { describe, expect, it } from 'vitest'
import { createNormalizer, createPrivateNormalizer, readDeadLetter } from '../../src/index.ts'
import {
  ACCOUNT_ID,
  privateFrame,
  wireExecution,
  wireOrder,
  wirePosition,
  wireWallet,
} from '../support/private-frames.ts'

const LOCAL_TS_US = 1_760_000_000_200_000

const TRADE = {
  T: 1_760_000_000_101,
  s: 'BTCUSDT',
  S: 'Buy',
  v: '0.003',
  p: '100000.10',
  L: 'PlusTick',
  i: '6f1d2a3b-0c4d-5e6f-8a9b-0c1d2e3f4a5b',
  BT: false,
  RPI: false,
  seq: 7,
}

function letter(raw: unknown, overrides: Partial<DeadLetter> = {}): DeadLetter {
  return {
    code: 'ITEM_MALFORMED',
    reason: 'p must be a decimal',
    field: 'p',
    category: 'linear',
    channel: 'publicTrade',
    topic: 'publicTrade.BTCUSDT',
    symbol: 'BTCUSDT',
    source: 'ws',
    localTsUs: LOCAL_TS_US,
    raw: Buffer.from(typeof raw === 'string' ? raw : JSON.stringify(raw)),
    ...overrides,
  }
}

const frame = (topic: string, data: unknown) =>
  JSON.stringify({ topic, type: 'snapshot', ts: 1_760_000_000_102, cs: 3, data })

describe('readDeadLetter', () => {
  it('reads a trade that is valid now, as its frame would have given it but for its match index', () => {
    const [event] = createNormalizer({ category: 'linear' }).normalize(
      frame('publicTrade.BTCUSDT', [TRADE]),
      LOCAL_TS_US,
    ).events
    expect(readDeadLetter(letter(TRADE))).toEqual({
      events: [{ ...event, matchIndex: -1 }],
      deadLetters: [],
      discarded: [],
    })
  })

  it('says anew what is wrong with one that is not', () => {
    const bytes = Buffer.from(JSON.stringify({ ...TRADE, p: '' }))
    const result = readDeadLetter(letter('', { raw: bytes, reason: 'an older wording' }))
    expect(result?.events).toEqual([])
    expect(result?.deadLetters).toMatchObject([
      { field: 'p', reason: expect.stringMatching(/^p /) },
    ])
    expect(readDeadLetter(letter('not json'))?.events ?? []).toEqual([])
  })

  it('reads whole frames, of which what builds on messages before is discarded', () => {
    const whole = (raw: string) =>
      letter(raw, { code: 'FRAME_MALFORMED', channel: null, topic: null })
    expect(
      readDeadLetter(whole(frame('publicTrade.BTCUSDT', [TRADE, TRADE])))?.events,
    ).toHaveLength(2)
    const snapshot = { symbol: 'BTCUSDT', lastPrice: '1' }
    expect(readDeadLetter(whole(frame('tickers.BTCUSDT', snapshot)))?.events).toMatchObject([
      { channel: 'ticker', lastPrice: '1' },
    ])
    const delta = frame('tickers.BTCUSDT', snapshot).replace('snapshot', 'delta')
    expect(readDeadLetter(whole(delta))).toMatchObject({
      events: [],
      discarded: [{ reason: 'delta_before_snapshot' }],
    })
  })

  it('makes no event of an item whose message said more than the letter keeps', () => {
    const ticker = letter({ symbol: 'BTCUSDT', lastPrice: '1' }, { topic: 'tickers.BTCUSDT' })
    for (const unread of [
      ticker,
      letter(TRADE, { topic: null }),
      letter(TRADE, { category: null }),
      letter(TRADE, { source: 'rest' }),
      letter('', { code: 'FRAME_TOO_LARGE' }),
    ]) {
      expect(readDeadLetter(unread)).toBeNull()
    }
    // Their messages' time is theirs.
    for (const [topic, item] of [
      ['position', wirePosition()],
      ['wallet', wireWallet()],
    ] as const) {
      const result = readDeadLetter(letter(item, { topic, accountId: ACCOUNT_ID, category: null }))
      expect(result, topic).toMatchObject({ events: [], deadLetters: [{ field: 'creationTime' }] })
    }
  })

  it('reads what accounts did, for their accounts', () => {
    const normalizer = createPrivateNormalizer({ accountId: ACCOUNT_ID })
    for (const [topic, item] of [
      ['execution', wireExecution()],
      ['order', wireOrder()],
    ] as const) {
      const { events } = normalizer.normalize(privateFrame(topic, [item]), LOCAL_TS_US)
      const read = readDeadLetter(letter(item, { topic, accountId: ACCOUNT_ID, category: null }))
      expect(read).toEqual({ events, deadLetters: [], discarded: [] })
    }
    const whole = letter('', {
      raw: Buffer.from(privateFrame('wallet', [wireWallet()])),
      accountId: ACCOUNT_ID,
    })
    expect(readDeadLetter(whole)?.events.length).toBeGreaterThan(0)
    const filtered = readDeadLetter(
      letter(wireExecution(), { topic: 'execution', accountId: ACCOUNT_ID }),
      { filter: { categories: ['spot'] } },
    )
    expect(filtered).toMatchObject({ events: [], discarded: [{ reason: 'filtered' }] })
  })
})
