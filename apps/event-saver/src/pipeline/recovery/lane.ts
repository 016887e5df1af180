import type { DeadLetter, GridEvent } from '@grid/core-events'
import type { JournalPosition } from '../../journal/format/position.ts'
import type { DeadLetterBox } from '../dead-letter-box.ts'
import type { ChannelCounts, LedgerChannel } from '../ledger.ts'
import type { EventQueue } from '../writers/event-writer.ts'
import type { Arrival } from '../writers/waiting-room.ts'

/** What moves through the journal by itself: a channel, the letters that name none, and gaps. */
export type LaneName = LedgerChannel | 'gaps'

/** What a lane is made of. */
export interface LaneOptions {
  readonly channel: LedgerChannel
  /** The writer of the channel's events; null for `unknown`, which has none. */
  readonly queue: EventQueue | null
  readonly letters: DeadLetterBox
  readonly counts: ChannelCounts
  /** Most items that may wait in the queue. */
  readonly maxWaiting: number
  /** How many items the queue stores without waiting for more. */
  readonly batchSize: number
  /** Whether what finds no room can be read from the journal. */
  readonly isKept: boolean
  /** The newest record of which everything was taken. */
  readonly newest: () => JournalPosition
}

/** How much of a queue may be taken by what the journal keeps as well: what was read, and what waits for a database that is away. */
const KEPT_SHARE = 1 / 3

/** What of one frame belongs to one lane. */
export interface LaneItems {
  readonly events: readonly GridEvent[]
  readonly letters: readonly DeadLetter[]
  readonly discarded: number
}

/**
 * One channel's way into the database.
 *
 * At the tail its frames come from memory as they arrive. When its queue has no room for one, the lane is behind:
 * later frames are in the journal only, and whoever reads the journal gives them in their order, until it has
 * reached the newest. No frame is given twice, and none is passed over.
 *
 * Each item counts as received once: of a live frame when it arrives, of a frame that another process left, or that
 * the database lost again, when it is read.
 */
export class Lane {
  readonly channel: LedgerChannel
  readonly #options: LaneOptions
  /** Every frame up to here was given; null at the tail. */
  #readTo: JournalPosition | null = null
  /** Items that are counted as received and are in the journal alone, after `#countedAfter`. */
  #inJournal = 0
  /** Frames up to here count as received when they are read. */
  #countedAfter: JournalPosition = 0
  /** Items up to there that are counted as received already, because they were let go from memory. */
  #owed = 0
  /** When the first of the items arrived that are in the journal alone. */
  #leftSinceUs: number | null = null
  readonly #waiters: ((isCaughtUp: boolean) => void)[] = []

  constructor(options: LaneOptions) {
    this.#options = options
    this.channel = options.channel
  }

  get queue(): EventQueue | null {
    return this.#options.queue
  }

  get isBehind(): boolean {
    return this.#readTo !== null
  }

  /** Every frame up to here was given to the writers. */
  get readTo(): JournalPosition {
    return this.#readTo ?? this.#options.newest()
  }

  /** Items that wait, wherever they are. */
  get waiting(): number {
    const { letters, queue } = this.#options
    return (queue?.waiting ?? 0) + letters.waiting(this.channel) + this.inJournal
  }

  /** Receive time of the oldest event that waits, in epoch microseconds; null when none waits. */
  get oldestUs(): number | null {
    const oldest = this.#options.queue?.oldest?.timeUs
    return oldest ?? (this.inJournal > 0 ? this.#leftSinceUs : null)
  }

  /** When the first of the items arrived that were last in the journal alone, in epoch microseconds; null for none. */
  get leftSinceUs(): number | null {
    return this.#leftSinceUs
  }

  /** Items that wait in the journal alone. */
  get inJournal(): number {
    return this.#inJournal + this.#owed
  }

  /** Whether there is room for a frame's items. */
  get hasRoom(): boolean {
    const { letters, queue } = this.#options
    return (queue === null || queue.hasRoom) && letters.writer.hasRoom
  }

  /**
   * Whether there is room for items that are read. They take only a part of the queue, as the journal keeps them as well;
   * all of it once that is enough for everything that is unread, so that the lane reaches the tail also where rows are
   * stored hardly faster than they come.
   */
  get hasRoomToRead(): boolean {
    return this.#queueHasRoomToRead && this.#options.letters.writer.hasRoom
  }

  get #queueHasRoomToRead(): boolean {
    const { batchSize, maxWaiting, queue } = this.#options
    if (queue === null) return true
    if (!queue.hasRoom) return false
    // With less than a batch the queue would wait for more in vain.
    if (queue.waiting < Math.max(batchSize, maxWaiting * KEPT_SHARE)) return true
    return this.isCounted(this.readTo + 1) && queue.waiting + this.inJournal <= maxWaiting
  }

  /** Whether a live frame finds room: while nothing can be stored, memory is not filled with what the journal keeps. */
  get #hasRoomForLive(): boolean {
    const { isKept, maxWaiting, queue } = this.#options
    const isAway = queue !== null && (queue.isFailing || !queue.isOpen)
    return this.hasRoom && !(isKept && isAway && queue.waiting >= maxWaiting * KEPT_SHARE)
  }

  /** Whether what keeps it from having room is failing. */
  get isFailing(): boolean {
    const { letters, queue } = this.#options
    return queue?.isFailing === true || letters.writer.isFailing
  }

  /** Resolves when there may be room to read again. */
  changed(): Promise<void> {
    const { letters, queue } = this.#options
    return queue === null || this.#queueHasRoomToRead ? letters.writer.changed() : queue.changed()
  }

  /**
   * The last record of which everything is settled; of its events also those of the batch that is being stored,
   * if that counts as stored.
   */
  settled(isBatchStored: boolean): JournalPosition {
    const { letters, queue } = this.#options
    const first = isBatchStored ? queue?.next : queue?.oldest
    const waiting = Math.min(first?.position ?? Infinity, letters.leastPlace(this.channel))
    return Math.min(this.readTo, waiting - 1)
  }

  /** Begins behind: what lies after a position is to be read; what lies before this process is not counted yet. */
  beginAt(position: JournalPosition, countedAfter: JournalPosition): void {
    this.#readTo = position
    this.#countedAfter = Math.max(this.#countedAfter, countedAfter)
  }

  /** Takes a live frame's items; false when they could not be kept. */
  take({ events, letters }: LaneItems, arrival: Arrival): boolean {
    const items = events.length + letters.length
    this.#options.counts.received += items
    if (this.#readTo === null && !this.#hasRoomForLive && arrival.isUnkept !== true) {
      this.#readTo = arrival.position - 1
      this.#countedAfter = this.#readTo
    }
    if (this.#readTo === null) {
      if (!this.hasRoom) return false
      this.#put(events, letters, arrival)
    } else if (arrival.isUnkept === true) {
      return false
    } else {
      if (this.inJournal === 0) this.#leftSinceUs = arrival.timeUs
      this.#inJournal += items
    }
    return true
  }

  /** Takes the rows of a reply, which are in memory alone: ask `hasRoom` first. */
  takeRows({ events, letters }: LaneItems, arrival: Pick<Arrival, 'timeUs' | 'bytes'>): void {
    this.#options.counts.received += events.length + letters.length
    this.#put(events, letters, { ...arrival, position: this.readTo + 1, isUnkept: true })
  }

  /** Takes items that were read from the journal: the next after `readTo`. */
  takeRead({ events, letters, discarded }: LaneItems, arrival: Arrival): void {
    const items = events.length + letters.length
    if (this.isCounted(arrival.position)) {
      this.#inJournal -= items
    } else {
      const owed = Math.min(this.#owed, items)
      this.#owed -= owed
      this.#options.counts.received += items - owed + discarded
    }
    this.#put(events, letters, arrival)
  }

  /** Whether the items of a frame counted as received when it arrived. */
  isCounted(position: JournalPosition): boolean {
    return position > this.#countedAfter
  }

  /** Resolves once the lane is at the tail; to false when the process ends before. */
  caughtUp(): Promise<boolean> {
    if (this.#readTo === null) return Promise.resolve(true)
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** Everything up to a position was given. */
  advance(position: JournalPosition): void {
    this.#readTo = position
  }

  /** The newest record was given: from now on frames come from memory. Gives how many items never came. */
  reachTail(): number {
    const missing = this.inJournal
    this.#readTo = null
    this.#inJournal = 0
    this.#owed = 0
    this.#tell(true)
    return missing
  }

  /** The database has less than it had: forgets what waits in memory, and begins again after a position. */
  goBack(position: JournalPosition): void {
    const { queue } = this.#options
    this.#countedAfter = Math.max(this.#countedAfter, this.readTo)
    this.#owed += queue?.letGo(position + 1) ?? 0
    this.#readTo = position
  }

  /** Items that were in memory are in the journal alone: the process ends. */
  leave(items: number): void {
    this.#inJournal += items
  }

  /** The process ends: whoever waits for the lane waits in vain. */
  end(): void {
    this.#tell(false)
  }

  #tell(isCaughtUp: boolean): void {
    for (const resolve of this.#waiters.splice(0)) resolve(isCaughtUp)
  }

  #put(events: readonly GridEvent[], letters: readonly DeadLetter[], arrival: Arrival): void {
    const { channel } = this
    for (const event of events) this.#options.queue?.add(event, arrival)
    for (const letter of letters) {
      this.#options.letters.put({ letter, channel, term: 'deadLettered' }, arrival)
    }
  }
}
