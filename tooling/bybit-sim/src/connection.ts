import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Dialect } from './dialect.ts'

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
  /** Characters of topics subscribed to so far. */
  argsLength = 0
  lastActivityMs: number
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #maxBufferedBytes: number
  #state: State = 'open'
  #endedBy: ConnectionInfo['endedBy'] = null
  #sentFrames = 0
  #duplicateNext = 0
  #lastFrame: DataFrame | null = null

  constructor(options: {
    number: number
    connId: string
    dialect: Dialect
    ws: WebSocket
    socket: Duplex
    nowMs: number
    maxBufferedBytes: number
  }) {
    this.number = options.number
    this.connId = options.connId
    this.dialect = options.dialect
    this.lastActivityMs = options.nowMs
    this.#ws = options.ws
    this.#socket = options.socket
    this.#maxBufferedBytes = options.maxBufferedBytes
    this.ended = new Promise((resolve) => {
      this.#ws.once('close', () => {
        this.#state = 'ended'
        this.#endedBy ??= 'peer'
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

  /** Writes a data frame, twice where that was asked for. */
  deliver(frame: DataFrame): void {
    if (!this.isOpen) return
    const copies = this.#duplicateNext > 0 ? 2 : 1
    if (copies === 2) this.#duplicateNext--
    for (let copy = 0; copy < copies; copy++) this.#write(frame)
    this.#lastFrame = frame
    if (this.#ws.bufferedAmount > this.#maxBufferedBytes) this.drop()
  }

  /** Sends the last data frame again; false when there was none. */
  repeatLast(): boolean {
    if (this.#lastFrame === null || !this.isOpen) return false
    this.#write(this.#lastFrame)
    return true
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
    this.#state = 'ending'
    this.#endedBy = 'simulator'
    return true
  }

  #write(frame: DataFrame): void {
    this.#ws.send(frame.bytes, { binary: false })
    frame.sentTo.push(this.number)
    this.#sentFrames++
  }
}
