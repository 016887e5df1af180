import type { Channel } from '@grid/core-events'
import type { ReplacedFrame } from '@grid/db'
import type { WalkedFrame } from './journal-walk.ts'
import { isWanted, isWithin, type ReplayScope, type Stream, streamOfEvent } from './replay-scope.ts'

/** Frames that are noted at once. */
const BATCH = 5000
/** Why the rows of an item stay: they cannot be given back, or are not to be stored any more. */
const LEFT_OUT: ReadonlySet<string> = new Set(['filtered', 'category_not_captured'])

/** Finds the frames whose rows may be deleted, because reading them again gives all that can be made of them. */
export class ReplacedFrames {
  readonly #scope: ReplayScope
  readonly #isStored: (channel: Channel, position: number) => boolean
  readonly #note: ((frames: readonly ReplacedFrame[]) => Promise<void>) | null
  #waiting: ReplacedFrame[] = []
  #digest = 0
  #count = 0

  /** Without `note` they are only counted. */
  constructor(
    scope: ReplayScope,
    isStored: (channel: Channel, position: number) => boolean,
    note: ((frames: readonly ReplacedFrame[]) => Promise<void>) | null,
  ) {
    this.#scope = scope
    this.#isStored = isStored
    this.#note = note
  }

  /** Tells which frames they were: equal for the same ones. */
  get digest(): string {
    return `${this.#count} ${this.#digest}`
  }

  take(frame: WalkedFrame): Promise<void> | null {
    const { position, timeUs } = frame
    if (!isWithin(this.#scope, timeUs) || !isWhole(frame)) return null
    for (const stream of streamsOf(frame)) {
      if (!isWanted(this.#scope, stream) || !this.#isStored(stream.channel, position)) continue
      this.#count += 1
      this.#digest = (this.#digest * 31 + (position % 2 ** 24) + (timeUs % 1_000_000)) % 2 ** 40
      if (this.#note !== null) this.#waiting.push({ ...stream, localTsUs: timeUs })
    }
    return this.#waiting.length >= BATCH ? this.end() : null
  }

  /** Notes the last ones. */
  async end(): Promise<void> {
    const frames = this.#waiting
    this.#waiting = []
    await this.#note?.(frames)
  }
}

/** Whether a frame gives everything again: it was understood, with all that was known when it came. */
function isWhole({ deadLetters, discarded, isSure }: WalkedFrame): boolean {
  return isSure && deadLetters.length === 0 && !discarded.some(({ reason }) => LEFT_OUT.has(reason))
}

/** The streams that a frame told something of. */
function streamsOf({ discarded, events, origin }: WalkedFrame): readonly Stream[] {
  const streams = new Map<string, Stream>()
  const add = (stream: Stream): void => {
    streams.set(`${stream.channel} ${stream.symbol}`, stream)
  }
  let last: string | null = null
  for (const event of events) {
    const symbol = 'symbol' in event ? event.symbol : ''
    if (symbol !== last) add(streamOfEvent(event))
    last = symbol
  }
  for (const { channel, symbol } of discarded) {
    if (channel === null || origin === null) continue
    const { accountId, category } = origin
    add({ channel, accountId, category, symbol: accountId === null ? symbol : null })
  }
  return [...streams.values()]
}
