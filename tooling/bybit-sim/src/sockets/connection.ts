import type { Duplex } from 'node:stream'
import { type Clock, nowMs } from '@grid/core-events'
import type { WebSocket } from 'ws'
import type { Dialect, SocketFamily } from '../dialects/dialect.ts'
import { Outbox } from './outbox.ts'

/** One data message, built once for all its subscribers. */
export interface DataFrame {
  readonly topic: string
  readonly bytes: Buffer
  /** Grows by the connection's number at each write. */
  readonly sentTo: number[]
}

/** What is known of one connection, present or past. */
export interface ConnectionInfo {
  readonly number: number
  readonly category: SocketFamily
  /** The account that it authenticated for; null on public sockets. */
  readonly uid: string | null
  /** The `conn_id` of its control frames. */
  readonly connId: string
  readonly topics: readonly string[]
  /** Whether data is still written to it. */
  readonly open: boolean
  readonly sentFrames: number
  /** Who ended it: what was sent before the peer left may not have been read by it. */
  readonly endedBy: 'simulator' | 'peer' | null
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
  /** A silence after which it is cut, where it asked for one of its own. Milliseconds. */
  readonly idleCloseMs: number | null
  /** Whom it authenticated for. */
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
  #sentFrames = 0
  #duplicateNext = 0
  /** Topics, or null for any, of frames that are yet to be dropped. */
  readonly #drops: (string | null)[] = []
  #swaps = 0
  /** Counted as sent, and written behind the next frame. */
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
        this.#outbox.flush()
        resolve()
      })
    })
    // The close event follows and says all that matters.
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
    }
  }

  /** Writes a control or garbage frame; false when it is no longer open. */
  send(payload: string | Buffer, options: { binary?: boolean } = {}): boolean {
    if (!this.isOpen) return false
    this.#ws.send(payload, { binary: options.binary ?? false })
    return true
  }

  /** Writes a data frame: twice, behind its follower, or not at all where that was asked for. */
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

  /** Sends the last data frame again; false when there was none. */
  repeatLast(): boolean {
    if (this.#lastFrame === null || !this.isOpen) return false
    this.#count(this.#lastFrame)
    this.#write(this.#lastFrame)
    return true
  }

  /** Makes the next data frame, of a topic or of any, not go out. */
  dropNext(topic: string | null, count: number): void {
    for (let index = 0; index < count; index++) this.#drops.push(topic)
  }

  /** Makes the next two data frames change places. */
  swapNext(): void {
    this.#swaps++
  }

  /** Holds data frames back for a while, in their order. */
  delay(delayMs: number, forMs: number): void {
    this.#outbox.delay(delayMs, forMs)
  }

  /** Writes data frames no faster than that for a while. */
  slow(bytesPerSecond: number, forMs: number): void {
    this.#outbox.slow(bytesPerSecond, forMs)
  }

  /** Lets what arrives lie for a while; data goes on being sent. */
  stopReading(forMs: number): void {
    if (!this.isOpen) return
    this.#ws.pause()
    const timer = this.#clock.setTimer(() => {
      // Half-open connections never read again.
      if (this.#state !== 'half-open') this.#ws.resume()
    }, forMs)
    void this.ended.then(() => timer.cancel())
  }

  /** Makes the next data frame go out twice. */
  duplicateNext(): void {
    this.#duplicateNext++
  }

  pong(data: Buffer): void {
    if (this.isOpen) this.#ws.pong(data)
  }

  /** Falls silent for good: nothing is sent, and nothing that arrives is even read. */
  halfOpen(): void {
    if (!this.isOpen) return
    this.#flush()
    this.#state = 'half-open'
    this.#ws.pause()
  }

  /** Ends with a close frame, behind everything that was written. */
  close(code: number, reason: string): Promise<void> {
    if (this.#end()) this.#ws.close(code, reason)
    return this.ended
  }

  /**
   * Ends without a close frame (1006), behind everything that was written: the FIN queues after
   * it, and reading goes on, because unread input would turn the end into a reset that loses it.
   */
  drop(): Promise<void> {
    if (this.#end()) this.#socket.end()
    return this.ended
  }

  /** Ends at once; what was written and has not left is lost. */
  destroy(): Promise<void> {
    if (this.#state !== 'ended') this.#state = 'ending'
    this.#endedBy ??= 'simulator'
    this.#ws.terminate()
    return this.ended
  }

  #end(): boolean {
    if (this.#state !== 'open') return false
    this.#flush()
    // A peer whose close frame lies unread could not end in order.
    this.#ws.resume()
    this.#state = 'ending'
    this.#endedBy = 'simulator'
    return true
  }

  /** Writes what faults held back: it counts as sent. */
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
