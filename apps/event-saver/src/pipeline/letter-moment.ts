import type { DeadLetter, PrivateChannel, PublicChannel } from '@grid/core-events'
import type { Moment } from './dropped-intervals.ts'

/** The stream of a dead letter and the time of its receipt; null where it does not say which. */
export function momentOfLetter(letter: DeadLetter): Moment | null {
  const { accountId, category, channel, symbol, localTsUs } = letter
  const ts = Math.floor(localTsUs / 1000)
  if (channel === null) return null
  // Sound: letters of accounts are of private channels, all others of public ones.
  if (accountId !== undefined) return { accountId, channel: channel as PrivateChannel, ts }
  if (category === null || symbol === null) return null
  return { category, channel: channel as PublicChannel, symbol, ts }
}
