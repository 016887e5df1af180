import { expect, test } from 'vitest'
import { BybitRestClient, RateLimiter } from '../../src/index.ts'
import { type HttpAnswerer, type HttpHand, httpHand, success } from '../support/http-hand.ts'

const DAY_MS = 86_400_000
const START = 1_760_000_000_000

async function serve(answer: HttpAnswerer): Promise<{ hand: HttpHand; client: BybitRestClient }> {
  const hand = await httpHand(answer)
  const client = new BybitRestClient({ restUrl: hand.url, limiter: new RateLimiter() })
  return { hand, client }
}

const instrument = (symbol: string): object => ({
  symbol,
  status: 'Trading',
  baseCoin: 'BTC',
  quoteCoin: 'USDT',
})

/** Pages by cursor, as the exchange writes the cursors in its replies. */
function pagesOf(cursors: readonly string[]): HttpAnswerer {
  return (response, url) => {
    const asked = url.searchParams.get('cursor')
    // The exchange knows a cursor by its decoded form.
    const page = asked === null ? 0 : cursors.findIndex((c) => c !== '' && decoded(c) === asked) + 1
    const list = asked !== null && page === 0 ? [] : [instrument(`S${page}USDT`)]
    response.end(success({ category: 'linear', list, nextPageCursor: cursors[page] ?? '' }))
  }
}

function decoded(cursor: string): string {
  try {
    return decodeURIComponent(cursor)
  } catch {
    return cursor
  }
}

test.each([
  ['percent-encoded', ['first%3DA%26last%3DB%2C2', '132766%3A2%2C132766%3A2', '']],
  ['plain', ['first=A&last=B,2', '132766:2,132766:2', '']],
  ['with a stray percent sign', ['100%', 'a+b==', '']],
])('cursors that come %s lead through all pages', async (_name, cursors) => {
  const { client, hand } = await serve(pagesOf(cursors))
  const { items, end } = await client.instrumentsInfo({ category: 'linear' }).all()
  expect(items.map(({ symbol }) => symbol)).toEqual(['S0USDT', 'S1USDT', 'S2USDT'])
  expect(end).toBe('last_page')
  expect(hand.asked.every(({ searchParams }) => searchParams.get('limit') === '1000')).toBe(true)
})

test('a repeated cursor and an empty page end the pages, each with its own reason', async () => {
  const { client } = await serve(pagesOf(['a', 'b', 'a']))
  const turning = await client.instrumentsInfo({ category: 'linear' }).all()
  expect(turning).toMatchObject({ end: 'no_progress' })
  expect(turning.items).toHaveLength(3)

  const { client: emptied, hand } = await serve((response, _url, count) => {
    const list = count === 0 ? [instrument('AUSDT')] : []
    response.end(success({ category: 'linear', list, nextPageCursor: `more-${count}` }))
  })
  const cut = await emptied.instrumentsInfo({ category: 'linear' }).all()
  expect(cut).toMatchObject({ end: 'empty_page' })
  expect(hand.asked).toHaveLength(2)
})

test('a page with only bad rows is not an empty page', async () => {
  const { client } = await serve((response, _url, count) => {
    const list = count === 0 ? [{ symbol: '' }] : [instrument('AUSDT')]
    response.end(success({ category: 'linear', list, nextPageCursor: count === 0 ? 'b' : '' }))
  })
  const { items, deadLetters } = await client.instrumentsInfo({ category: 'linear' }).all()
  expect([items.length, deadLetters.length]).toEqual([1, 1])
})

test('a page is fetched only when it is read', async () => {
  const { client, hand } = await serve(pagesOf(['a', 'b', 'c', '']))
  for await (const page of client.instrumentsInfo({ category: 'linear' })) {
    if (page.items[0]?.symbol === 'S1USDT') break
  }
  expect(hand.asked).toHaveLength(2)
})

/** A funding every 8 hours for a year, newest first, at most 200 a page. */
const fundings: HttpAnswerer = (response, url) => {
  const end = Number(url.searchParams.get('endTime') ?? START)
  const list = []
  for (let n = 0; n < 1095 && list.length < 200; n++) {
    const at = START - n * (DAY_MS / 3)
    if (at > end) continue
    list.push({ symbol: 'BTCUSDT', fundingRate: `0.${n}1`, fundingRateTimestamp: String(at) })
  }
  response.end(success({ category: 'linear', list }))
}

test('funding rates are paged back to the wanted start, each once', async () => {
  const { client, hand } = await serve(fundings)
  const from = START - 200 * DAY_MS
  const query = { category: 'linear', symbol: 'BTCUSDT', from } as const
  const { items, end } = await client.fundingHistory(query).all()
  expect(items).toHaveLength(601)
  expect(new Set(items.map(({ fundingTs }) => fundingTs)).size).toBe(601)
  expect(Math.min(...items.map(({ fundingTs }) => fundingTs))).toBe(from)
  expect(end).toBe('last_page')
  // A start without an end is refused by the exchange.
  expect(hand.asked.some(({ searchParams }) => searchParams.has('startTime'))).toBe(false)
})

test('paging of funding rates ends when there are no more, and when the exchange ignores the end', async () => {
  const { client } = await serve(fundings)
  const query = { category: 'linear', symbol: 'BTCUSDT', from: START - 900 * DAY_MS } as const
  const all = await client.fundingHistory(query).all()
  expect(all).toMatchObject({ end: 'last_page' })
  expect(all.items).toHaveLength(1095)

  const { client: deaf, hand } = await serve((response) => {
    const row = { symbol: 'BTCUSDT', fundingRate: '0.1', fundingRateTimestamp: String(START) }
    response.end(success({ category: 'linear', list: [row] }))
  })
  expect(await deaf.fundingHistory(query).all()).toMatchObject({ end: 'no_progress' })
  expect(hand.asked).toHaveLength(2)
})
