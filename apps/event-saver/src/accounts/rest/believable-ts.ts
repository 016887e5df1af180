import type { PrivateEvent } from '@grid/core-events'

const DAY_MS = 86_400_000

/**
 * When a state held, in epoch milliseconds: its exchange time, or its receipt where the exchange time is
 * ahead of that by a day. One absurd time must not outweigh all that comes after it.
 */
export function believableTs({
  exchangeTs,
  localTsUs,
}: Pick<PrivateEvent, 'exchangeTs' | 'localTsUs'>): number {
  const receivedMs = Math.floor(localTsUs / 1000)
  return exchangeTs > receivedMs + DAY_MS ? receivedMs : exchangeTs
}
