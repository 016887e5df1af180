import type { PrivateEvent } from '@grid/core-events'

/** An exchange time that is further ahead of its receipt than this is not believed. */
const MOST_AHEAD_MS = 60_000

/**
 * When a state held or a list was made, in epoch milliseconds: its exchange time, or its receipt where
 * the exchange time is ahead of that by more than a minute. One absurd time must not outweigh all that
 * comes after it.
 *
 * Where the exchange's whole clock is that far ahead, states and lists both count by their receipt: only
 * times that this function gave are to be compared with each other.
 */
export function believableTs({
  exchangeTs,
  localTsUs,
}: Pick<PrivateEvent, 'exchangeTs' | 'localTsUs'>): number {
  const receivedMs = Math.floor(localTsUs / 1000)
  return exchangeTs > receivedMs + MOST_AHEAD_MS ? receivedMs : exchangeTs
}
