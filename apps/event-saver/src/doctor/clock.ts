import type { BybitRestClient, ServerTime } from '@grid/bybit-adapter'
import { durationText } from '@grid/core-events'
import { reasonOf } from '../log/reason.ts'
import { type Finding, problem, well } from './finding.ts'

const SAMPLES = 5
/** The exchange refuses signed requests whose time is this far ahead of its own. */
const LIMIT_MS = 1000

/** Compares this machine's clock with the exchange's, by the median of several requests. */
export async function examineClock(client: BybitRestClient): Promise<Finding> {
  const offsets: number[] = []
  try {
    for (let sample = 0; sample < SAMPLES; sample++) offsets.push(offsetMs(await client.time()))
  } catch (error) {
    const fix = 'see EXCHANGE_HOST; EVENTSAVER_REST_URL sets another address'
    return problem('CLOCK', `the exchange does not tell its time: ${reasonOf(error)}`, fix)
  }
  const median = offsets.sort((a, b) => a - b)[SAMPLES >> 1] ?? 0
  const detail = `this clock is ${durationText(Math.abs(median))} ${median < 0 ? 'behind' : 'ahead of'} the exchange's`
  if (Math.abs(median) < LIMIT_MS) return well('CLOCK', detail)
  return problem(
    'CLOCK',
    detail,
    'synchronise the clock (NTP): receive times and gap bounds rely on it',
  )
}

/** Positive when this clock is ahead. The server's time is taken as the middle of the round trip. */
function offsetMs({ exchangeTs, sentUs, localTsUs }: ServerTime): number {
  return (sentUs + localTsUs) / 2000 - exchangeTs
}
