import type {
  ConnectionCheckpoint,
  Frame,
  PrivateFrame,
  PrivateStreamControl,
  StreamControl,
} from '@grid/bybit-adapter'
import type { Category, JsonObject } from '@grid/core-events'
import type { ConnectionState, JournalPriority } from '../../journal/durable-journal.ts'
import type { JournalPosition } from '../../journal/format/position.ts'
import type { Journal } from '../../journal/journal.ts'

/** Where in the journal a frame is. */
export interface Place {
  readonly position: JournalPosition
  /** Whether the journal holds it. */
  readonly isKept: boolean
}

/** What a recorder is made of. */
export interface StreamRecorderOptions {
  readonly journal: Journal
  /** Of public data; null for an account. */
  readonly category: Category | null
  /** Of an account; null for public data. */
  readonly accountId: string | null
  /** How dear a frame is; asked only while the journal has no room for all. */
  readonly priorityOf: (bytes: Uint8Array) => JournalPriority
  /** What the stream remembers of its connections; nothing for an account. */
  readonly checkpoint: () => readonly ConnectionCheckpoint[]
}

/**
 * Writes into the journal what a stream receives, and what bears on its reading, before anything is made of it.
 *
 * @example
 * stream.on('frame', (frame) => recorder.onFrame(frame))
 * stream.on('control', (control) => recorder.onControl(control))
 * stream.on('normalized', (frame) => pipeline.accept(frame, recorder.place))
 */
export class StreamRecorder {
  readonly #options: StreamRecorderOptions
  /** The number in the journal of each connection of the stream. */
  readonly #connections = new Map<number, number>()
  #place: Place = { position: 0, isKept: false }
  /** Whether frames are missing in the journal: what is remembered must be written before the next one. */
  #isBroken = false

  constructor(options: StreamRecorderOptions) {
    this.#options = options
  }

  /** Where the newest frame is. */
  get place(): Place {
    return this.#place
  }

  onFrame(frame: Frame | PrivateFrame): void {
    const { journal } = this.#options
    if (!this.#accepts(frame.bytes)) {
      this.#isBroken = true
      this.#place = { position: journal.position + 1, isKept: false }
      return
    }
    const connection = this.#connections.get(frame.connection) ?? this.#connect(frame.connection)
    // While tickers are refused, trades need no state: it would be written once a trade.
    const isWhole = journal.state === 'running' && journal.accepts('expendable')
    if (this.#isBroken && isWhole) this.#mend()
    if (frame.isBinary !== true) {
      this.#keep(() => journal.append(connection, frame))
      return
    }
    const bytes = Buffer.from(frame.bytes).toString('base64')
    this.#keep(() => journal.note({ type: 'binary', connection, bytes }, frame.localTsUs))
  }

  onControl(control: StreamControl | PrivateStreamControl): void {
    if (control.type === 'opened') {
      this.#connect(control.connection, control.predecessor)
      return
    }
    const { accountId, journal } = this.#options
    const connection = this.#connections.get(control.connection)
    if (connection === undefined) return
    if (control.type !== 'ended') {
      const time = control.type === 'oversized' ? control.localTsUs : undefined
      // Sound: controls are plain JSON.
      const note = { type: 'control', connection, control: control as unknown as JsonObject }
      this.#keep(() => journal.note(note, time))
    }
    // Another connection of a public stream may still take over from a closed one.
    const isOver = control.type === 'ended' || (accountId !== null && control.type === 'closed')
    if (!isOver) return
    journal.note({ type: 'closed', connection })
    this.#connections.delete(control.connection)
  }

  /** What a reader of the journal must know to read on from here. */
  *states(): Iterable<ConnectionState> {
    for (const { connection, sharesWith, state } of this.#options.checkpoint()) {
      const number = this.#connections.get(connection)
      if (number !== undefined) yield { connection: number, state: { sharesWith, state } }
    }
  }

  #accepts(bytes: Uint8Array): boolean {
    const { accountId, journal, priorityOf } = this.#options
    if (accountId !== null) return journal.accepts('private')
    return journal.accepts('expendable') || journal.accepts(priorityOf(bytes))
  }

  #keep(append: () => JournalPosition): void {
    const { counts } = this.#options.journal
    const { unwritten } = counts
    const position = append()
    const isKept = this.#options.journal.counts.unwritten === unwritten
    if (!isKept) this.#isBroken = true
    this.#place = { position, isKept }
  }

  #mend(): void {
    this.#isBroken = false
    // Nobody reads a journal in memory.
    if (!('reader' in this.#options.journal)) return
    for (const { connection, state } of this.states()) {
      this.#options.journal.note({ type: 'state', connection, state })
    }
  }

  #connect(connection: number, before: number | null = null): number {
    const { accountId, category, journal } = this.#options
    const predecessor = before === null ? null : (this.#connections.get(before) ?? null)
    const number = journal.connect({ source: 'ws', category, accountId, connection, predecessor })
    this.#connections.set(connection, number)
    return number
  }
}

/** All recorders: what a reader must know that begins at a new segment. */
export class Recorders {
  readonly #all = new Set<StreamRecorder>()

  add(recorder: StreamRecorder): void {
    this.#all.add(recorder)
  }

  delete(recorder: StreamRecorder): void {
    this.#all.delete(recorder)
  }

  *states(): Iterable<ConnectionState> {
    for (const recorder of this.#all) yield* recorder.states()
  }
}
