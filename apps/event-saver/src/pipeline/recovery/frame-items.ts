import type { Discard } from '@grid/bybit-adapter'
import type { Channel, DeadLetter, GridEvent } from '@grid/core-events'
import type { LedgerChannel } from '../ledger.ts'
import type { LaneItems } from './lane.ts'

/** Everything that a frame was normalized to. */
export interface FrameItems {
  readonly events: readonly GridEvent[]
  readonly deadLetters: readonly DeadLetter[]
  readonly discarded: readonly Discard[]
}

const NONE: readonly never[] = []

/** Gives what of a frame belongs to each lane. The events of a frame are all of one channel. */
export function forEachLane(
  { events, deadLetters, discarded }: FrameItems,
  take: (channel: LedgerChannel, items: LaneItems) => void,
): void {
  const channel: Channel | undefined = events[0]?.channel
  if (deadLetters.length === 0 && discarded.length === 0) {
    // Nearly every frame.
    if (channel !== undefined) take(channel, { events, letters: NONE, discarded: 0 })
    return
  }
  const channels = new Set<LedgerChannel>(channel === undefined ? [] : [channel])
  for (const item of [...deadLetters, ...discarded]) channels.add(item.channel ?? 'unknown')
  for (const name of channels) {
    take(name, {
      events: name === channel ? events : NONE,
      letters: deadLetters.filter((letter) => (letter.channel ?? 'unknown') === name),
      discarded: discarded.filter((discard) => (discard.channel ?? 'unknown') === name).length,
    })
  }
}

/** How many items a frame has that are stored, each as an event or as a dead letter. */
export function storedItems({ events, deadLetters }: FrameItems): number {
  return events.length + deadLetters.length
}
