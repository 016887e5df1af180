import type { Clock, ClockTimer } from '@grid/core-events'
import type { ServerClock } from '../../auth/server-clock.ts'
import { type Signer, socketPayload } from '../../auth/signer.ts'
import { printable } from '../../wire/printable.ts'
import type { PrivateStreamTimings } from '../stream/stream-timings.ts'

/** Options of a {@link Login}. */
export interface LoginOptions {
  readonly clock: Clock
  readonly timings: Pick<PrivateStreamTimings, 'loginTimeoutMs' | 'loginValidMs'>
  readonly signer: Signer
  readonly serverClock: ServerClock
}

/** What a login needs of the socket that it opens the way on. */
export interface LoginSocket {
  send(text: string): void
  /** Replaces the socket by a new one. */
  recycle(reason: string): void
}

/** Logs a private connection in on each of its sockets, from the opening until the exchange answers. */
export class Login {
  readonly #options: LoginOptions
  readonly #socket: LoginSocket
  /** Set while a login is under way. */
  #timer: ClockTimer | null = null
  /** Of the newest login. */
  #signature = ''

  constructor(options: LoginOptions, socket: LoginSocket) {
    this.#options = options
    this.#socket = socket
  }

  /** Whether a login is under way: the exchange has not answered it. */
  get isPending(): boolean {
    return this.#timer !== null
  }

  /** Waits for the exchange's time, which is known except before the first login, and logs in. */
  async begin(signal: AbortSignal): Promise<void> {
    const { clock, serverClock, timings } = this.#options
    // Without the exchange's time it tries all the same: our clock may be right.
    const patience = clock.setTimer(() => this.#send(), timings.loginTimeoutMs)
    this.#timer = patience
    await serverClock.ready(signal).catch(() => {})
    if (this.#timer !== patience) return
    patience.cancel()
    this.#send()
  }

  /** The exchange has answered, or the socket is gone. */
  end(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  /** A text of the exchange, safe to show: without what it repeats of the key and the signature. */
  redact(text: string): string {
    const redacted = text.replaceAll(this.#options.signer.apiKey, '[api key]')
    return printable(
      this.#signature === '' ? redacted : redacted.replaceAll(this.#signature, '[signature]'),
    )
  }

  #send(): void {
    const { clock, serverClock, signer, timings } = this.#options
    this.#timer = clock.setTimer(
      () => this.#socket.recycle('the login was not answered'),
      timings.loginTimeoutMs,
    )
    const expiresMs = serverClock.nowMs() + timings.loginValidMs
    this.#signature = signer.sign(socketPayload(expiresMs))
    const args = [signer.apiKey, expiresMs, this.#signature]
    this.#socket.send(JSON.stringify({ req_id: 'auth', op: 'auth', args }))
  }
}
