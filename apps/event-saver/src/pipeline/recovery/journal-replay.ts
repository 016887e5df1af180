import {
  type ConnectionCheckpoint,
  type Discard,
  FrameReplayer,
  type NormalizeResult,
  type PrivateFilter,
  PrivateFrameReplayer,
  type PrivateStreamControl,
  type StreamControl,
  streamSymbol,
} from '@grid/bybit-adapter'
import type { GridEvent, PublicChannel, Stream } from '@grid/core-events'
import type {
  CheckpointItem,
  FrameItem,
  JournalItem,
  JournalOrigin,
  NoteItem,
} from '../../journal/format/items.ts'
import type { ReadFrame } from './catch-up.ts'

/** How frames of accounts were filtered. */
export interface JournalReplayOptions {
  readonly filter?: PrivateFilter | undefined
}

type Result = NormalizeResult<GridEvent>

/** Turns the items of one reading of a journal into what they were normalized to when they came. */
export class JournalReplay {
  readonly #options: JournalReplayOptions
  readonly #origins = new Map<number, JournalOrigin>()
  readonly #markets = new Map<string, FrameReplayer>()
  readonly #accounts = new Map<string, PrivateFrameReplayer>()
  /** After a hole what is remembered cannot be trusted, until the next checkpoint. */
  #needsState = false
  /** The connections of which all is remembered that was when their frames came. */
  readonly #sure = new Set<number>()
  #isSure = false
  #origin: JournalOrigin | null = null

  constructor(options: JournalReplayOptions) {
    this.#options = options
  }

  /**
   * Whether the last frame was read with all that was remembered when it came. After a hole it is not, until the
   * connection's next checkpoint.
   */
  get isSure(): boolean {
    return this.#isSure
  }

  /** Where the last frame came from. */
  get origin(): JournalOrigin | null {
    return this.#origin
  }

  /** Takes the next item; gives what a frame was normalized to. Never throws. */
  read(item: JournalItem): ReadFrame | null {
    switch (item.kind) {
      case 'boot':
        this.#forget()
        this.#origins.clear()
        this.#sure.clear()
        // Behind a boot that is damaged, connections may lack too.
        this.#needsState = item.environment === ''
        return null
      case 'hole':
        this.#forget()
        this.#sure.clear()
        this.#needsState = true
        return null
      case 'opened':
        this.#open(item.connection, item.origin)
        return null
      case 'checkpoint':
        this.#restore(item)
        return null
      case 'frame':
        return this.#readFrame(item)
      case 'note':
        return this.#readNote(item)
      case 'unknown':
        return null
    }
  }

  #forget(): void {
    this.#markets.clear()
    this.#accounts.clear()
  }

  #open(connection: number, origin: JournalOrigin): void {
    this.#origins.set(connection, origin)
    const before = origin.predecessor === null ? null : this.#origins.get(origin.predecessor)
    const predecessor = before?.connection ?? null
    if (origin.predecessor === null || this.#sure.has(origin.predecessor))
      this.#sure.add(connection)
    this.#control(origin, { type: 'opened', connection: origin.connection, predecessor })
  }

  #restore({ connection, isState, origin, state }: CheckpointItem): void {
    if (origin === null) return
    // Reading of all may begin with a segment in the middle of a process.
    const isNew = !this.#origins.has(connection)
    this.#origins.set(connection, origin)
    if (isState || isNew || this.#needsState) this.#putBack(connection, origin, state)
  }

  #putBack(number: number, origin: JournalOrigin, state: unknown): void {
    if (origin.category === null) this.#sure.add(number)
    if (origin.category === null || state === null) return
    const { connection } = origin
    try {
      // Sound: only `StreamRecorder` gives states; what is not one is refused.
      const known = state as Omit<ConnectionCheckpoint, 'connection'>
      this.#market(origin.category).restore({ ...known, connection })
      this.#sure.add(number)
    } catch {
      // Of another version: the connection's frames are read as if it had just opened.
    }
  }

  #readFrame({ bytes, connection, localTsUs }: FrameItem): ReadFrame | null {
    const origin = this.#origins.get(connection)
    this.#isSure = this.#sure.has(connection)
    this.#origin = origin ?? null
    if (origin === undefined) return this.#needsState ? unknownFrame(localTsUs) : null
    const frame = { bytes, localTsUs, connection: origin.connection }
    const result = this.#replayer(origin)?.normalize(frame)
    if (result === undefined) return null
    const read = toFrame(result, localTsUs, bytes.byteLength)
    const lost = this.#isSure ? [] : lostStreams(result.discarded, origin)
    return lost.length === 0 ? read : { ...read, lost }
  }

  #readNote({ localTsUs, note }: NoteItem): ReadFrame | null {
    const { connection: number } = note
    const origin = typeof number === 'number' ? this.#origins.get(number) : undefined
    if (origin === undefined) return null
    switch (note.type) {
      case 'control': {
        // Sound: only `StreamRecorder` notes what streams tell.
        const result = this.#control(origin, note['control'] as unknown as StreamControl)
        return result === null ? null : toFrame(result, localTsUs, 0)
      }
      case 'binary': {
        const bytes = Buffer.from(String(note['bytes']), 'base64')
        const { connection } = origin
        const frame = { bytes, localTsUs, connection, isBinary: true }
        const result = this.#replayer(origin)?.normalize(frame)
        return result === undefined ? null : toFrame(result, localTsUs, bytes.byteLength)
      }
      case 'state':
        this.#putBack(Number(number), origin, note['state'])
        return null
      case 'closed':
        this.#control(origin, { type: 'ended', connection: origin.connection })
        this.#origins.delete(Number(number))
        return null
      default:
        return null
    }
  }

  #control(origin: JournalOrigin, control: StreamControl): Result | null {
    const { accountId, category } = origin
    if (category !== null) return this.#market(category).control(control)
    // Sound: private streams tell fewer controls, and the others concern no replayer of theirs.
    return accountId === null
      ? null
      : this.#account(accountId).control(control as PrivateStreamControl)
  }

  #replayer({ accountId, category }: JournalOrigin): FrameReplayer | PrivateFrameReplayer | null {
    if (category !== null) return this.#market(category)
    return accountId === null ? null : this.#account(accountId)
  }

  #market(category: NonNullable<JournalOrigin['category']>): FrameReplayer {
    const known = this.#markets.get(category)
    if (known !== undefined) return known
    const replayer = new FrameReplayer({ category })
    this.#markets.set(category, replayer)
    return replayer
  }

  #account(accountId: string): PrivateFrameReplayer {
    const known = this.#accounts.get(accountId)
    if (known !== undefined) return known
    const { filter } = this.#options
    const replayer = new PrivateFrameReplayer({ accountId, ...(filter && { filter }) })
    this.#accounts.set(accountId, replayer)
    return replayer
  }
}

/** A frame of a connection whose beginning is damaged: nobody knows what it holds. */
function unknownFrame(timeUs: number): ReadFrame {
  return { events: [], deadLetters: [], discarded: [], timeUs, bytes: 0, lost: 'all' }
}

/** The streams whose items build on what was damaged. */
function lostStreams(discarded: readonly Discard[], { category }: JournalOrigin): Stream[] {
  return discarded.flatMap(({ channel, reason, symbol }) => {
    if (reason !== 'delta_before_snapshot') return []
    if (category === null || channel === null || symbol === null) return []
    // Sound: only channels of public data have deltas.
    const name = channel as PublicChannel
    return [{ category, channel: name, symbol: streamSymbol(category, name, symbol) }]
  })
}

function toFrame(result: Result, timeUs: number, bytes: number): ReadFrame {
  const { deadLetters, discarded, events } = result
  return { deadLetters, discarded, events, timeUs, bytes }
}
