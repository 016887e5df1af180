import { Backoff, type Clock, nowMs, sleep } from '@grid/core-events'
import type { RequestPriority } from '../../rate-limit/request-window.ts'
import { Pause } from '../../time/pause.ts'
import type { ConnectionStatus } from '../stream/stream-status.ts'
import type { StreamTimings } from '../stream/stream-timings.ts'
import type { ConnectionBudget } from './connection-budget.ts'
import { type FrameReader, Socket, type SocketEnd, type UnansweredConnection } from './socket.ts'

/**
 * Where a connection stands.
 *
 * ```
 * idle ─▶ waiting ─▶ connecting ─▶ open ─┐
 *            ▲           │               │
 *            └───────────┴───────────────┘     any state ─▶ closing ─▶ closed
 * ```
 */
export type ConnectionState = 'idle' | 'waiting' | 'connecting' | 'open' | 'closing' | 'closed'

/** What a connection tells its link, which also reads the frames. */
export interface ConnectionHandlers extends FrameReader {
  onOpen(): void
  /** An open socket is gone; `lastInboundMs` is when it last gave any frame. */
  onDisconnect(lastInboundMs: number, isStale: boolean): void
  onStatus(status: ConnectionStatus): void
}

/** Options of a {@link Connection}. */
export interface ConnectionOptions {
  readonly url: string
  readonly clock: Clock
  readonly timings: StreamTimings
  readonly budget: ConnectionBudget
  readonly maxPayloadBytes: number
  readonly random: () => number
  /** Its place in the queue when the budget is short; default 5. */
  readonly priority?: RequestPriority | undefined
  /** Numbers a socket that has opened: unique among all connections of a stream. */
  readonly nextNumber: () => number
}

/** A server that serves a moment and closes must not be asked again and again without a pause. */
const USEFUL_AFTER_MS = 10_000

/** Keeps one socket open until closed: connects and reconnects, with backoff and within the budget. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #handlers: ConnectionHandlers
  readonly #backoff: Backoff
  readonly #stop = new AbortController()
  readonly #hold: Pause
  #state: ConnectionState = 'idle'
  #socket: Socket | null = null
  #number = 0
  #isUseful = false
  #openedAtMs: number | null = null
  #running: Promise<void> = Promise.resolve()

  constructor(options: ConnectionOptions, handlers: ConnectionHandlers) {
    this.#options = options
    this.#handlers = handlers
    const { backoffBaseMs: baseMs, backoffCapMs: capMs } = options.timings
    this.#hold = new Pause(options.clock)
    this.#backoff = new Backoff({ baseMs, capMs }, options.random)
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** The number of the newest socket that has opened; 0 before the first. */
  get number(): number {
    return this.#number
  }

  /** Begins to connect. */
  start(): void {
    this.#running = this.#run()
  }

  /** When the open socket last gave any frame, in epoch milliseconds; null without one. */
  get lastInboundMs(): number | null {
    return this.#socket?.lastInboundMs ?? null
  }

  /** Sends a text when the socket is open. */
  send(text: string): void {
    this.#socket?.send(text)
  }

  /** Asks an open socket that was silent for so long for a sign of life; null when none is missing. */
  askIfSilent(afterMs: number): UnansweredConnection | null {
    const asked = this.#state === 'open' ? this.#socket?.askIfSilent(afterMs) : undefined
    return asked ? { connection: this.#number, ...asked } : null
  }

  /** The open socket serves its purpose: the next backoff starts anew. */
  markUseful(): void {
    this.#isUseful = true
  }

  /** Replaces the open socket by a new one. */
  recycle(reason: string): void {
    this.#handlers.onStatus({ type: 'recycling', connection: this.#number, reason })
    this.#socket?.recycle(reason)
  }

  /** Gives up the socket, and opens no other until a delay has passed. */
  putOff(reason: string, delayMs: number): void {
    this.#hold.extend(delayMs)
    if (this.#socket !== null) this.recycle(reason)
  }

  /** Closes for good; resolves when no socket is left. */
  async close(): Promise<void> {
    if (this.#state !== 'closed') this.#state = 'closing'
    this.#stop.abort()
    this.#socket?.close()
    await this.#running
    this.#state = 'closed'
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    const onWait = (waitMs: number): void => {
      this.#handlers.onStatus({ type: 'budget_wait', waitMs })
    }
    const { budget, clock, priority = 5 } = this.#options
    while (!signal.aborted) {
      this.#state = 'waiting'
      if (!(await budget.acquire({ signal, onWait, priority }))) return
      const end = await this.#useSocket()
      if (signal.aborted) return
      this.#state = 'waiting'
      if (this.#isUseful && this.#livedMs() >= USEFUL_AFTER_MS) this.#backoff.reset()
      const attempt = this.#backoff.failures + 1
      const retryInMs = Math.max(this.#backoff.next(), this.#hold.remainingMs)
      this.#handlers.onStatus(
        end.type === 'closed'
          ? {
              type: 'closed',
              connection: this.#number,
              code: end.code,
              reason: end.reason,
              retryInMs,
            }
          : { ...end, attempt, retryInMs },
      )
      await sleep(clock, retryInMs, signal)
      // Meanwhile the next attempt may have been put off.
      while (!signal.aborted && this.#hold.remainingMs > 0) {
        await sleep(clock, this.#hold.remainingMs, signal)
      }
    }
  }

  /** How long the last socket was open. */
  #livedMs(): number {
    return this.#openedAtMs === null ? 0 : nowMs(this.#options.clock) - this.#openedAtMs
  }

  #useSocket(): Promise<SocketEnd> {
    const { url } = this.#options
    this.#state = 'connecting'
    this.#isUseful = false
    this.#openedAtMs = null
    this.#handlers.onStatus({ type: 'connecting', url, attempt: this.#backoff.failures + 1 })
    return new Promise((resolve) => {
      const socket = new Socket(this.#options, this.#handlers, {
        onOpen: () => {
          if (this.#state === 'closing') return
          this.#state = 'open'
          this.#openedAtMs = nowMs(this.#options.clock)
          this.#number = this.#options.nextNumber()
          this.#handlers.onStatus({ type: 'open', connection: this.#number })
          this.#handlers.onOpen()
        },
        onStale: (silentForMs) =>
          this.#handlers.onStatus({ type: 'stale', connection: this.#number, silentForMs }),
        onEnd: (end) => {
          this.#socket = null
          if (end.type === 'closed') {
            this.#handlers.onDisconnect(socket.lastInboundMs, end.cause === 'stale')
          }
          resolve(end)
        },
      })
      this.#socket = socket
      // A listener of the status above may have closed the connection.
      if (this.#stop.signal.aborted) socket.close()
    })
  }
}
