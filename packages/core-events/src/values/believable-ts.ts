/**
 * How far an exchange time may be ahead of its receipt, in milliseconds: by the difference of the two
 * clocks, and no more. What is further ahead is absurd.
 */
export const MOST_AHEAD_MS = 60_000

/**
 * When an event counts as having happened, in epoch milliseconds: at its exchange time, or at its
 * receipt where the exchange time is ahead of that by more than a minute.
 *
 * One absurd time must not outweigh all that comes after it. Where a clock is wrong by more than a minute,
 * all events count by their receipt: only times that this function gave are to be compared with each other.
 *
 * @example
 * believableTs({ exchangeTs: Date.UTC(2090, 0, 1), localTsUs: 1760000000101000 }) // 1760000000101
 */
export function believableTs({
  exchangeTs,
  localTsUs,
}: {
  readonly exchangeTs: number
  readonly localTsUs: number
}): number {
  const receivedMs = Math.floor(localTsUs / 1000)
  return exchangeTs > receivedMs + MOST_AHEAD_MS ? receivedMs : exchangeTs
}
