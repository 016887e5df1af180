import type { Category, JsonObject, JsonValue, Source } from '@grid/core-events'
import type { JournalPosition } from './position.ts'

/** Where the frames of a connection come from. */
export interface JournalOrigin {
  readonly source: Source
  /** Of public data; null for an account. */
  readonly category: Category | null
  /** Of an account; null for public data. */
  readonly accountId: string | null
  /** The stream's own number of the connection, as frames carry it; 0 for replies over REST. */
  readonly connection: number
  /** The connection, by its number in the journal, whose state this one takes over; null for none. */
  readonly predecessor: number | null
}

/**
 * What is written between the frames: everything that bounds what may have been missed. The journal keeps it as
 * JSON and understands only two types: `closed` with a `connection` ends that connection, so that it is in no
 * later checkpoint; `stop` says that the process ended in order.
 *
 * @example
 * journal.note({ type: 'live', connection, topics: ['publicTrade.BTCUSDT'] })
 */
export interface JournalNote extends JsonObject {
  readonly type: string
}

/** What every item of the journal has. */
interface Placed {
  readonly position: JournalPosition
  /**
   * When it came, in epoch microseconds: a frame's receive time, a note's time of writing. It need not rise from
   * item to item.
   */
  readonly localTsUs: number
  /**
   * Whether it lies at or before the position that reading began after: it is given only so that the reader's
   * normalizer reaches its state. What is made of it was settled before.
   */
  readonly isState: boolean
}

/** A frame, as received. */
export interface FrameItem extends Placed {
  readonly kind: 'frame'
  /** The connection's number in the journal; the numbers begin again with every {@link BootItem}. */
  readonly connection: number
  /** Its position among the frames of its connection. */
  readonly index: number
  /** A view of a larger buffer: copy it to keep it for long. */
  readonly bytes: Uint8Array
}

/** A connection began; its frames follow. */
export interface OpenedItem extends Placed {
  readonly kind: 'opened'
  readonly connection: number
  readonly origin: JournalOrigin
}

/** A note, as written. */
export interface NoteItem extends Placed {
  readonly kind: 'note'
  readonly note: JournalNote
}

/**
 * The state of one open connection at the start of a segment. `isState` is true where reading begins there; a reader
 * that comes from the segment before has that state already, unless a hole came between.
 */
export interface CheckpointItem extends Placed {
  readonly kind: 'checkpoint'
  readonly connection: number
  /** Null only for connection 0, the state that belongs to no connection. */
  readonly origin: JournalOrigin | null
  /** What `checkpoint` gave for it; null when it gave nothing. */
  readonly state: JsonValue
}

/**
 * A process began: all connections before it have ended, also those that no note closed. Unless the note before is
 * `stop`, what the process before received last may be torn off.
 */
export interface BootItem extends Placed {
  readonly kind: 'boot'
  /** Environment that the process captures, e.g. `mainnet`. */
  readonly environment: string
}

/**
 * Why records are not there.
 *
 * | cause | meaning |
 * |---|---|
 * | `corrupt` | a block is damaged; the segment was copied to `set-aside/` |
 * | `unreadable` | the file could not be read |
 * | `missing` | the segments are gone: released long ago, or removed by somebody |
 * | `stalled` | the disk took nothing for so long that they were never written; writers had them from memory |
 */
export type HoleCause = 'corrupt' | 'unreadable' | 'missing' | 'stalled'

/** Records that were appended and cannot be read: data between two times may be lost. */
export interface HoleItem extends Placed {
  readonly kind: 'hole'
  /** The first position that is missing. `position` of the item is the last. */
  readonly from: JournalPosition
  readonly cause: HoleCause
  /** Time of the last good record before it; null when there is none. `localTsUs` is that of the first after it. */
  readonly lastGoodUs: number | null
}

/** A record whose bytes are whole, and whose JSON cannot be understood: it claims nothing. */
export interface UnknownItem extends Placed {
  readonly kind: 'unknown'
  readonly bytes: Uint8Array
}

/** What a reader gives, in the order in which it was appended. */
export type JournalItem =
  | FrameItem
  | OpenedItem
  | NoteItem
  | CheckpointItem
  | BootItem
  | HoleItem
  | UnknownItem
