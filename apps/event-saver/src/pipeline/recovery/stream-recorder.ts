import type {
  ConnectionCheckpoint,
  Frame,
  PrivateFrame,
  PrivateStreamControl,
  StreamControl,
} from '@grid/bybit-adapter'
import type { Category, JsonObject } from '@grid/core-events'
import {
  type ConnectionState,
  isDurable,
  type JournalPriority,
} from '../../journal/durable-journal.ts'
import type { JournalNote } from '../../journal/format/items.ts'
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
  /** Whether records are missing in the journal: what is remembered must be written before the next frame. */
  #isBroken = false
  /** Connections whose beginning the journal did not take. */
  readonly #untold = new Set<number>()
  /** Notes that it did not take, with their times. */
  readonly #untaken: [note: JournalNote, timeUs: number][] = []

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
    if (this.#isBroken) this.#mend()
    const connection = this.#connections.get(frame.connection) ?? this.#connect(frame.connection)
    if (frame.isBinary !== true) {
      this.#keep(() => journal.append(connection, frame))
      return
    }
    const bytes = Buffer.from(frame.bytes).toString('base64')
    this.#keep(() => journal.note({ type: 'binary', connection, bytes }, frame.localTsUs))
  }

  /** Notes something of the stream: as soon as the journal takes it. */
  note(note: JournalNote, timeUs: number): void {
    const isTaken = this.#append(() => this.#options.journal.note(note, timeUs))
    if (!isTaken && this.#isRead) this.#untaken.push([note, timeUs])
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
    this.#untold.delete(control.connection)
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

  /** Nobody reads a journal in memory. */
  get #isRead(): boolean {
    return isDurable(this.#options.journal)
  }

  #keep(append: () => JournalPosition): void {
    let position: JournalPosition = 0
    const isKept = this.#append(() => {
      position = append()
    })
    this.#place = { position, isKept }
  }

  /** Appends; gives whether the journal took it. */
  #append(append: () => void): boolean {
    const { unwritten } = this.#options.journal.counts
    append()
    const isTaken = this.#options.journal.counts.unwritten === unwritten
    if (!isTaken) this.#isBroken = true
    return isTaken
  }

  /** Writes again what the journal did not take, and what is remembered, before the next frame that it takes. */
  #mend(): void {
    const { journal } = this.#options
    if (!this.#isRead || !this.#takes()) return
    for (const connection of [...this.#untold]) {
      // A checkpoint may have told it meanwhile.
      journal.note({ type: 'closed', connection: this.#connections.get(connection) ?? 0 })
      this.#connect(connection)
    }
    for (const [note, timeUs] of this.#untaken.splice(0)) this.note(note, timeUs)
    // While tickers are refused, trades need no state: it would be written once a trade.
    if (!journal.accepts('expendable')) return
    this.#isBroken = false
    for (const { connection, state } of this.states()) {
      this.#append(() => journal.note({ type: 'state', connection, state }))
    }
  }

  /** Whether the journal takes the next record. Only a record tells, while it is not what it should be. */
  #takes(): boolean {
    const { journal } = this.#options
    return journal.state === 'running' || this.#append(() => journal.note({ type: 'again' }))
  }

  #connect(connection: number, before: number | null = null): number {
    const { accountId, category, journal } = this.#options
    const predecessor = before === null ? null : (this.#connections.get(before) ?? null)
    let number = 0
    const isTaken = this.#append(() => {
      number = journal.connect({ source: 'ws', category, accountId, connection, predecessor })
    })
    if (isTaken) this.#untold.delete(connection)
    else this.#untold.add(connection)
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
