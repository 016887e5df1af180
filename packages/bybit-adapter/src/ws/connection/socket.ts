import { type Clock, type ClockTimer, durationText, nowMs } from '@grid/core-events'
import { WebSocket } from 'ws'
import { siteHeaders } from '../../endpoints.ts'
import type { StreamTimings } from '../stream/stream-timings.ts'

/** How a socket ended. */
export type SocketEnd =
  | { readonly type: 'connect_failed'; readonly error: string; readonly httpStatus: number | null }
  | {
      readonly type: 'closed'
      readonly code: number
      readonly reason: string
      readonly cause: 'remote' | 'stale' | 'oversized' | 'recycled'
    }

/** An open connection that was asked for a sign of life, and has not given one yet. */
export interface UnansweredConnection {
  /** Its number, as in the statuses of its stream. */
  readonly connection: number
  /** How long ago its newest frame of any kind came. */
  readonly silentForMs: number
  /** How long ago it was asked. */
  readonly unansweredForMs: number
}

/** What reads a socket's frames. */
export interface FrameReader {
  /** Reads one frame; the bytes are a view of the socket's buffer. */
  onMessage(bytes: Uint8Array, isBinary: boolean, localTsUs: number): void
  /** A frame exceeds the payload limit: it was not received whole. */
  onOversized(localTsUs: number): void
}

/** What a socket tells its connection; `onEnd` comes exactly once, last. */
export interface SocketHandlers {
  onOpen(): void
  /** No frame came within the deadline after a ping; the end follows. */
  onStale(silentForMs: number): void
  onEnd(end: SocketEnd): void
}

/** Options of a {@link Socket}. */
export interface SocketOptions {
  readonly url: string
  readonly clock: Clock
  readonly timings: StreamTimings
  readonly maxPayloadBytes: number
}

const NO_CLOSE_FRAME = 1006
const MESSAGE_TOO_BIG = 1009
/** Gives frames that wait in the kernel time to be read before a late timer calls the socket stale. */
const STALE_GRACE_MS = 50

/** One WebSocket from connecting to its end: connect deadline, heartbeat, payload limit. */
export class Socket {
  readonly #options: SocketOptions
  readonly #reader: FrameReader
  readonly #handlers: SocketHandlers
  readonly #ws: WebSocket
  #timer: ClockTimer
  #wasOpen = false
  #inboundCount = 0
  #lastInboundMs = 0
  #pings = 0
  /** When a sign of life was asked for that has not come yet, in epoch milliseconds. */
  #askedMs: number | null = null
  #httpStatus: number | null = null
  #error: string | null = null
  #cause: (SocketEnd & { type: 'closed' })['cause'] = 'remote'
  #recycleReason = ''

  constructor(options: SocketOptions, reader: FrameReader, handlers: SocketHandlers) {
    this.#options = options
    this.#reader = reader
    this.#handlers = handlers
    const ws = new WebSocket(options.url, {
      headers: siteHeaders(options.url),
      perMessageDeflate: false,
      // A garbled byte must not cost the connection: the normalizer reports it.
      skipUTF8Validation: true,
      maxPayload: options.maxPayloadBytes,
    })
    this.#ws = ws
    this.#timer = options.clock.setTimer(() => {
      this.#error = `not open after ${durationText(options.timings.connectTimeoutMs)}`
      ws.terminate()
    }, options.timings.connectTimeoutMs)
    ws.on('message', (data: Buffer, isBinary: boolean) => {
      const localTsUs = options.clock.nowUs()
      this.#markInbound(localTsUs)
      reader.onMessage(data, isBinary, localTsUs)
    })
    ws.on('open', () => this.#onOpen())
    ws.on('ping', () => this.#markInbound(options.clock.nowUs()))
    ws.on('pong', () => this.#markInbound(options.clock.nowUs()))
    ws.on('unexpected-response', (_request, response) => {
      this.#httpStatus = response.statusCode ?? null
      this.#error = `HTTP ${response.statusCode} instead of a WebSocket`
      ws.terminate()
    })
    ws.on('error', (error) => this.#onError(error))
    ws.on('close', (code, reason) => this.#onClose(code, reason.toString()))
  }

  /** Receive time of the newest frame of any kind, or of the opening, in epoch milliseconds. */
  get lastInboundMs(): number {
    return this.#lastInboundMs
  }

  /** Sends a text; a socket that is not open drops it. */
  send(text: string): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.send(text, ignoreSendError)
  }

  /** Asks once for a sign of life when the open socket was silent for so long; null when it was not. */
  askIfSilent(afterMs: number): Omit<UnansweredConnection, 'connection'> | null {
    if (!this.#wasOpen) return null
    const now = nowMs(this.#options.clock)
    const silentForMs = now - this.#lastInboundMs
    if (silentForMs < afterMs) return null
    if (this.#askedMs === null) {
      this.#askedMs = now
      this.send(JSON.stringify({ req_id: 'probe', op: 'ping' }))
    }
    return { silentForMs, unansweredForMs: Math.max(0, now - this.#askedMs) }
  }

  /** Cuts a socket that is no longer useful. */
  recycle(reason: string): void {
    this.#cut('recycled', reason)
  }

  /** Sends a close frame, and cuts the socket when the server does not answer in time. */
  close(): void {
    const { clock, timings } = this.#options
    this.#timer.cancel()
    this.#timer = clock.setTimer(() => this.#ws.terminate(), timings.closeTimeoutMs)
    if (this.#wasOpen) this.#ws.close(1000)
    else this.#ws.terminate()
  }

  #onOpen(): void {
    this.#timer.cancel()
    this.#wasOpen = true
    this.#markInbound(this.#options.clock.nowUs())
    this.#schedulePing()
    this.#handlers.onOpen()
  }

  #markInbound(localTsUs: number): void {
    this.#inboundCount++
    this.#askedMs = null
    this.#lastInboundMs = Math.floor(localTsUs / 1000)
  }

  #schedulePing(): void {
    const { clock, timings } = this.#options
    this.#timer = clock.setTimer(() => {
      const before = this.#inboundCount
      this.send(JSON.stringify({ req_id: `p-${++this.#pings}`, op: 'ping' }))
      this.#timer = clock.setTimer(() => this.#expectLife(before), timings.pongTimeoutMs)
    }, timings.pingIntervalMs)
  }

  #expectLife(countAtPing: number): void {
    const { clock, timings } = this.#options
    if (this.#inboundCount > countAtPing) {
      this.#schedulePing()
      return
    }
    this.#timer = clock.setTimer(() => {
      if (this.#inboundCount > countAtPing) {
        this.#schedulePing()
        return
      }
      this.#handlers.onStale(nowMs(clock) - this.#lastInboundMs)
      this.#cut('stale', `no frame within ${durationText(timings.pongTimeoutMs)} of a ping`)
    }, STALE_GRACE_MS)
  }

  #onError(error: Error & { readonly code?: string }): void {
    this.#error ??= error.message === '' ? (error.code ?? error.name) : error.message
    if (!this.#wasOpen) return
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
      this.#reader.onOversized(this.#options.clock.nowUs())
      this.#cut('oversized', `a frame exceeds ${this.#options.maxPayloadBytes} bytes`)
    } else {
      // The stream of frames is broken: no close frame can come.
      this.#ws.terminate()
    }
  }

  #cut(cause: 'stale' | 'oversized' | 'recycled', reason: string): void {
    this.#cause = cause
    this.#recycleReason = reason
    this.#ws.terminate()
  }

  #onClose(code: number, reason: string): void {
    this.#timer.cancel()
    if (!this.#wasOpen) {
      const error = this.#error ?? `closed with ${code} before it was open`
      this.#handlers.onEnd({ type: 'connect_failed', error, httpStatus: this.#httpStatus })
      return
    }
    const cause = this.#cause
    this.#handlers.onEnd({
      type: 'closed',
      code: cause === 'remote' ? code : cause === 'oversized' ? MESSAGE_TOO_BIG : NO_CLOSE_FRAME,
      reason: cause === 'remote' ? reason || (this.#error ?? '') : this.#recycleReason,
      cause,
    })
  }
}

/** A failed send needs no handling: the socket's close follows. */
function ignoreSendError(): void {}
