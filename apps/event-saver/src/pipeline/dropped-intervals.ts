import { streamSymbol } from '@grid/bybit-adapter'
import {
  believableTs,
  type CaptureGap,
  type DeadLetter,
  type GridEvent,
  type PrivateChannel,
  type PublicChannel,
  type Stream,
  streamKey,
  streamOf,
} from '@grid/core-events'

/** A moment of a stream, in epoch milliseconds. */
export type Moment = Stream & { readonly ts: number }

interface Interval {
  readonly stream: Stream
  startTs: number
  endTs: number
  /** Whether something was dropped since it was last looked at. */
  isFresh: boolean
}

/**
 * Turns items that could not be kept into gaps: one interval for each stream, from its first to its
 * last dropped item, until the intervals are ended.
 */
export class DroppedIntervals {
  readonly #open = new Map<string, Interval>()

  /** Whether items are being dropped. */
  get isOpen(): boolean {
    return this.#open.size > 0
  }

  /** Extends the interval of an item's stream to the item's time. */
  note(moment: Moment): void {
    const { ts } = moment
    const key = streamKey(moment)
    const interval = this.#open.get(key)
    if (interval === undefined) {
      this.#open.set(key, { stream: streamOf(moment), startTs: ts, endTs: ts, isFresh: true })
    } else {
      interval.isFresh = true
      interval.startTs = Math.min(interval.startTs, ts)
      interval.endTs = Math.max(interval.endTs, ts)
    }
  }

  /** Ends all open intervals and gives them as gaps. */
  end(): CaptureGap[] {
    return this.#end(() => true)
  }

  /** Ends and gives those of streams that have dropped nothing since this was called last. */
  endCalm(): CaptureGap[] {
    const calm = this.#end(({ isFresh }) => !isFresh)
    for (const interval of this.#open.values()) interval.isFresh = false
    return calm
  }

  #end(isOver: (interval: Interval) => boolean): CaptureGap[] {
    const gaps: CaptureGap[] = []
    for (const [key, interval] of this.#open) {
      if (!isOver(interval)) continue
      this.#open.delete(key)
      const { stream, startTs, endTs } = interval
      gaps.push({ ...stream, startTs, endTs, reason: 'queue_full' })
    }
    return gaps
  }
}

/** The stream of an event, which may be of several instruments, and its time. */
export function momentOfEvent(event: GridEvent): Moment {
  // One absurd time must not make a gap of years.
  const ts = believableTs(event)
  if ('accountId' in event) return { accountId: event.accountId, channel: event.channel, ts }
  const { category, channel, symbol } = event
  return { category, channel, symbol: streamSymbol(category, channel, symbol), ts }
}

/** The stream of a dead letter and the time of its receipt; null when it does not name its stream. */
export function momentOfLetter(letter: DeadLetter): Moment | null {
  const { accountId, category, channel, symbol, localTsUs } = letter
  const ts = Math.floor(localTsUs / 1000)
  if (channel === null) return null
  // Sound: letters of accounts are of private channels, all others of public ones.
  if (accountId !== undefined) return { accountId, channel: channel as PrivateChannel, ts }
  if (category === null || symbol === null) return null
  const name = channel as PublicChannel
  return { category, channel: name, symbol: streamSymbol(category, name, symbol), ts }
}
