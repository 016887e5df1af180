import { expect, test } from 'vitest'
import { BybitRestClient, createNormalizer, createPrivateNormalizer } from '../../src/index.ts'
import { snapshotFrame, tickerFrame } from '../support/frames.ts'
import { httpHand, success } from '../support/http-hand.ts'
import { ACCOUNT_ID, wireExecution, wireOrder } from '../support/private-frames.ts'

const LOCAL_TS_US = 1_760_000_000_210_000
const NUMBERS = '{"big":12345678901234567891,"deep":[{"tiny":1e-400}],"zeros":1.10,"one":1}'

/** A frame in which a member is written as it is. */
function withRaw(frame: string, key: string, json: string): string {
  return frame.replace(`"${key}":"?"`, `"${key}":${json}`)
}

test('a ticker keeps every digit of numbers in keys that are not known', () => {
  const normalizer = createNormalizer({ category: 'linear' })
  for (const frame of [snapshotFrame({ unheard: '?' }), tickerFrame({ unheard: '?' })]) {
    const { events, deadLetters } = normalizer.normalize(
      withRaw(frame, 'unheard', NUMBERS),
      LOCAL_TS_US,
    )
    expect(deadLetters).toEqual([])
    expect(JSON.stringify((events[0] as { extra?: unknown }).extra)).toBe(`{"unheard":${NUMBERS}}`)
  }
})

test('a ticker of a list over REST does so too', async () => {
  const list = success({ category: 'linear', list: [{ symbol: 'BTCUSDT', unheard: '?' }] })
  const hand = await httpHand((response) => response.end(withRaw(list, 'unheard', NUMBERS)))
  const client = new BybitRestClient({ restUrl: hand.url })
  const { items, deadLetters } = await client.tickers({ category: 'linear' })
  expect(deadLetters).toEqual([])
  expect(JSON.stringify(items[0]?.extra)).toBe(`{"unheard":${NUMBERS}}`)
})

test('private events do so too, and a number beyond all of JavaScript’s costs no event', () => {
  const normalizer = createPrivateNormalizer({ accountId: ACCOUNT_ID })
  const items = [
    wireExecution({ unheard: '?', extraFees: '?' }),
    wireExecution({ execId: 'e2', unheard: '?' }),
  ]
  const text = JSON.stringify({ topic: 'execution', creationTime: 1_760_000_000_110, data: items })
  const frame = withRaw(
    withRaw(withRaw(text, 'unheard', NUMBERS), 'extraFees', '[{"fee":0.10}]'),
    'unheard',
    '1e400',
  )
  const { events, deadLetters } = normalizer.normalize(frame, LOCAL_TS_US)
  expect(deadLetters).toEqual([])
  const [first, second] = events as readonly { extra?: unknown; extraFees?: unknown }[]
  expect(JSON.stringify(first?.extra)).toBe(`{"unheard":${NUMBERS}}`)
  expect(JSON.stringify(first?.extraFees)).toBe('[{"fee":0.10}]')
  expect(JSON.stringify(second?.extra)).toBe('{"unheard":1e400}')
})

test('a known field that is a number beyond reading is refused as before', () => {
  const normalizer = createPrivateNormalizer({ accountId: ACCOUNT_ID })
  const item = { ...wireOrder({ cumFeeDetail: '?' }) }
  const text = JSON.stringify({ topic: 'order', creationTime: 1_760_000_000_110, data: [item] })
  const { events, deadLetters } = normalizer.normalize(
    withRaw(text, 'cumFeeDetail', '1.10'),
    LOCAL_TS_US,
  )
  expect(events).toEqual([])
  expect(deadLetters).toMatchObject([{ field: 'cumFeeDetail' }])
})
