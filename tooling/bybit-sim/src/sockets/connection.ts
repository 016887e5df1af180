import type { Duplex } from 'node:stream'
import { type Clock, nowMs } from '@grid/core-events'
import type { WebSocket } from 'ws'
import type { Dialect, SocketFamily } from '../dialects/dialect.ts'
import { Outbox } from './outbox.ts'

/** One data frame, built once for all its subscribers. */
export interface DataFrame {
  readonly topic: string
  readonly bytes: Buffer
  /** Each write adds the connection's number. */
  readonly sentTo: number[]
}

/** A connection, open or ended. */
export interface ConnectionInfo {
  readonly number: number
  readonly category: SocketFamily
  /** The account that it authenticated for; null before that, and on public sockets. */
  readonly uid: string | null
  /** The `conn_id` of its control frames. */
  readonly connId: string
  readonly topics: readonly string[]
  /** Whether it still takes data. */
  readonly open: boolean
  readonly sentFrames: number
  /** Who ended it. A peer that ended it may not have read everything that was sent to it. */
  readonly endedBy: 'simulator' | 'peer' | null
  /** When its socket was gone, in epoch milliseconds; null while it is not. */
  readonly endedAtMs: number | null
}

type State = 'open' | 'half-open' | 'ending' | 'ended'

/** One accepted socket. */
export class Connection {
  readonly number: number
  readonly connId: string
  readonly dialect: Dialect
  readonly topics: Set<string> = new Set()
  /** Resolves when the socket is gone. */
  readonly ended: Promise<void>
  /** The client's address. */
  readonly address: string
  /** The idle time after which it asked to be dropped; null when it did not ask. Milliseconds. */
  readonly idleCloseMs: number | null
  /** The account and key that it authenticated with. */
  session: { readonly uid: string; readonly apiKey: string } | null = null
  /** Characters of topics subscribed to so far. */
  argsLength = 0
  lastActivityMs: number
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #clock: Clock
  readonly #maxBufferedBytes: number
  readonly #outbox: Outbox
  #state: State = 'open'
  #endedBy: ConnectionInfo['endedBy'] = null
  #endedAtMs: number | null = null
  #sentFrames = 0
  #duplicateNext = 0
  /** One entry for each frame still to be dropped: its topic, or null for any. */
  readonly #drops: (string | null)[] = []
  #swaps = 0
  /** A frame that counts as sent and is written after the next one. */
  #held: DataFrame | null = null
  #lastFrame: DataFrame | null = null

  constructor(options: {
    number: number
    connId: string
    dialect: Dialect
    ws: WebSocket
    socket: Duplex
    address: string
    idleCloseMs: number | null
    clock: Clock
    maxBufferedBytes: number
  }) {
    this.number = options.number
    this.connId = options.connId
    this.dialect = options.dialect
    this.address = options.address
    this.idleCloseMs = options.idleCloseMs
    this.#clock = options.clock
    this.lastActivityMs = nowMs(options.clock)
    this.#ws = options.ws
    this.#socket = options.socket
    this.#maxBufferedBytes = options.maxBufferedBytes
    this.#outbox = new Outbox(options.clock, (bytes) => this.#ws.send(bytes, { binary: false }))
    this.ended = new Promise((resolve) => {
      this.#ws.once('close', () => {
        this.#state = 'ended'
        this.#endedBy ??= 'peer'
        this.#endedAtMs = nowMs(this.#clock)
        this.#outbox.flush()
        resolve()
      })
    })
    // The close event follows every error.
    this.#ws.on('error', () => {})
  }

  /** Whether it takes requests and data. */
  get isOpen(): boolean {
    return this.#state === 'open' && this.#ws.readyState === this.#ws.OPEN
  }

  get info(): ConnectionInfo {
    return {
      number: this.number,
      category: this.dialect.category,
      uid: this.session?.uid ?? null,
      connId: this.connId,
      topics: [...this.topics],
      open: this.isOpen,
      sentFrames: this.#sentFrames,
      endedBy: this.#endedBy,
      endedAtMs: this.#endedAtMs,
    }
  }

  /** Writes a control or garbage frame; gives false when the connection is no longer open. */
  send(payload: string | Buffer, options: { binary?: boolean } = {}): boolean {
    if (!this.isOpen) return false
    this.#ws.send(payload, { binary: options.binary ?? false })
    return true
  }

  /** Writes a data frame; faults make it go out twice, after its successor, or not at all. */
  deliver(frame: DataFrame): void {
    if (!this.isOpen || this.#isDropped(frame.topic)) return
    const held = this.#held
    this.#held = null
    const copies = this.#duplicateNext > 0 ? 2 : 1
    if (copies === 2) this.#duplicateNext--
    for (let copy = 0; copy < copies; copy++) this.#count(frame)
    if (held === null && this.#swaps > 0 && copies === 1) {
      this.#swaps--
      this.#held = frame
      return
    }
    for (let copy = 0; copy < copies; copy++) this.#write(frame)
    if (held !== null) this.#write(held)
    const waiting = this.#ws.bufferedAmount + this.#outbox.waitingBytes
    if (waiting > this.#maxBufferedBytes) void this.drop()
  }

  /** Sends the last data frame again; gives false when there was none. */
  repeatLast(): boolean {
    if (this.#lastFrame === null || !this.isOpen) return false
    this.#count(this.#lastFrame)
    this.#write(this.#lastFrame)
    return true
  }

  /** Drops the next `count` data frames of a topic, or with null of any. */
  dropNext(topic: string | null, count: number): void {
    for (let index = 0; index < count; index++) this.#drops.push(topic)
  }

  /** Swaps the next two data frames. */
  swapNext(): void {
    this.#swaps++
  }

  /** Delays the data frames of the next `forMs`, in order. */
  delay(delayMs: number, forMs: number): void {
    this.#outbox.delay(delayMs, forMs)
  }

  /** Limits the rate at which data frames leave, for `forMs`. */
  slow(bytesPerSecond: number, forMs: number): void {
    this.#outbox.slow(bytesPerSecond, forMs)
  }

  /** Reads nothing for `forMs`, but goes on sending data. */
  stopReading(forMs: number): void {
    if (!this.isOpen) return
    this.#ws.pause()
    const timer = this.#clock.setTimer(() => {
      // A half-open connection never reads again.
      if (this.#state !== 'half-open') this.#ws.resume()
    }, forMs)
    void this.ended.then(() => timer.cancel())
  }

  /** Sends the next data frame twice. */
  duplicateNext(): void {
    this.#duplicateNext++
  }

  pong(data: Buffer): void {
    if (this.isOpen) this.#ws.pong(data)
  }

  /** Stops sending and reading for good, without closing. */
  halfOpen(): void {
    if (!this.isOpen) return
    this.#flush()
    this.#state = 'half-open'
    this.#ws.pause()
  }

  /** Ends with a close frame, after everything that was written. */
  close(code: number, reason: string): Promise<void> {
    if (this.#end()) this.#ws.close(code, reason)
    return this.ended
  }

  /**
   * Ends without a close frame (1006), after everything that was written has left.
   *
   * It goes on reading, because unread input would turn the FIN into a reset, and a reset would lose
   * what was written.
   */
  drop(): Promise<void> {
    if (this.#end()) this.#socket.end()
    return this.ended
  }

  /** Ends at once; what was written but has not left is lost. */
  destroy(): Promise<void> {
    if (this.#state !== 'ended') this.#state = 'ending'
    this.#endedBy ??= 'simulator'
    this.#ws.terminate()
    return this.ended
  }

  #end(): boolean {
    if (this.#state !== 'open') return false
    this.#flush()
    // Reads again, because the peer's close frame has to be read for an orderly end.
    this.#ws.resume()
    this.#state = 'ending'
    this.#endedBy = 'simulator'
    return true
  }

  /** Writes what faults held back, because it already counts as sent. */
  #flush(): void {
    if (this.#held !== null) this.#write(this.#held)
    this.#held = null
    this.#outbox.flush()
  }

  #isDropped(topic: string): boolean {
    const index = this.#drops.findIndex((drop) => drop === null || drop === topic)
    if (index === -1) return false
    this.#drops.splice(index, 1)
    return true
  }

  #count(frame: DataFrame): void {
    frame.sentTo.push(this.number)
    this.#sentFrames++
  }

  #write(frame: DataFrame): void {
    this.#outbox.push(frame.bytes)
    this.#lastFrame = frame
  }
}
