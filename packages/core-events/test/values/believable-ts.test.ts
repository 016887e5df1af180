import { expect, it } from 'vitest'
import { believableTs, MOST_AHEAD_MS } from '../../src/index.ts'

const RECEIVED = 1_760_000_000_101
const at = (exchangeTs: number) => believableTs({ exchangeTs, localTsUs: RECEIVED * 1000 + 999 })

it('a time counts unless it is ahead of its receipt by more than a minute, however old it is', () => {
  for (const exchangeTs of [0, RECEIVED, RECEIVED + MOST_AHEAD_MS]) {
    expect(at(exchangeTs)).toBe(exchangeTs)
  }
  expect(at(RECEIVED + MOST_AHEAD_MS + 1)).toBe(RECEIVED)
  expect(at(Date.UTC(2090, 0, 1))).toBe(RECEIVED)
})
