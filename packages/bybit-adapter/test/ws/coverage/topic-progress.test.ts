import type { PublicTradeEvent } from '@grid/core-events'
import { expect, it } from 'vitest'
import { TopicProgress } from '../../../src/ws/coverage/topic-progress.ts'

const T0 = 1_760_000_000_000
/** A trade that was received 10 ms after the start. */
const trade = (exchangeTs: number) =>
  ({ channel: 'publicTrade', exchangeTs, localTsUs: (T0 + 10) * 1000 }) as PublicTradeEvent

it('an absurd time puts a connection neither ahead of another nor behind it', () => {
  const progress = new TopicProgress(null)
  progress.onData((T0 + 10) * 1000, [trade(T0 + 6 * 3_600_000), trade(T0)])
  expect(progress.firstMs).toBe(T0 + 10)
  expect(progress.newestMs).toBe(T0 + 10)
  progress.onData((T0 + 10) * 1000, [trade(T0 + 5)])
  expect(progress.newestMs).toBe(T0 + 5)
})
