import { type Clock, nowMs } from '@grid/core-events'
import { Timers } from '../../time/timers.ts'
import type { StreamTimings } from '../stream/stream-timings.ts'
import type { OldEnd } from './replacement.ts'

/**
 * Where the replacement of a connection stands.
 *
 * | phase | meaning |
 * |---|---|
 * | `idle` | there is one connection |
 * | `connecting` | a new one is on its way; the old one delivers |
 * | `overlapping` | every topic is live on the new one; both deliver |
 */
export type RotationPhase = 'idle' | 'connecting' | 'overlapping'

/** What a rotation asks of the owner of both connections, and makes it do. */
export interface RotationHost {
  isOldOpen(): boolean
  isNextOpen(): boolean
  /** When the old connection last gave any frame, in epoch milliseconds; 0 when it is not open. */
  lastInboundMs(): number
  /** Whether the new connection has proved what the old one delivers, except for a dead topic. */
  isReady(exempt: string | null): boolean
  /** The topics in which the old connection is behind the new one. */
  lateTopics(exempt: string | null): ReadonlySet<string>
  /** Opens a new connection. */
  connect(): void
  /** Asks the old connection for a sign of life. */
  probe(): void
  /** Puts the new connection in the old one's place. */
  replace(end: OldEnd): void
  /** Drops the new connection; the old one stays. */
  drop(reason: string): void
  /** The old connection is gone, and no other carries its topics. */
  reportOutage(lastInboundMs: number, isStale: boolean): void
}

/** Options of a {@link Rotation}. */
export interface RotationOptions {
  readonly clock: Clock
  readonly timings: StreamTimings
}

type State =
  | { readonly phase: 'idle' }
  | { readonly phase: 'connecting'; readonly exempt: string | null }
  | { readonly phase: 'overlapping'; readonly exempt: string | null; readonly readyAtMs: number }

const IDLE: State = { phase: 'idle' }

/**
 * Decides when a connection is replaced by a new one, so that both deliver for a while.
 *
 * ```
 * idle ──begin──▶ connecting ──every topic is live──▶ overlapping ──a pad later──▶ idle (replaced)
 *   ▲                 │                                    │
 *   └─────────────────┴──── one is lost, or too late ──────┘
 * ```
 *
 * It has no socket: it is told what happens, and tells its host what to do.
 */
export class Rotation {
  readonly #options: RotationOptions
  readonly #host: RotationHost
  readonly #timers: Timers
  #state: State = IDLE

  constructor(options: RotationOptions, host: RotationHost) {
    this.#options = options
    this.#host = host
    this.#timers = new Timers(options.clock)
  }

  get phase(): RotationPhase {
    return this.#state.phase
  }

  /** Begins after a delay; never when it is infinite. */
  schedule(delayMs: number): void {
    this.#timers.clear()
    if (Number.isFinite(delayMs)) this.#timers.set(() => this.begin(), delayMs)
  }

  /**
   * Begins to replace the connection, unless it is being replaced already or is not open.
   *
   * @param exempt a topic that is known to be dead on the old connection
   */
  begin(exempt: string | null = null): void {
    if (this.#state.phase !== 'idle' || !this.#host.isOldOpen()) return
    this.#state = { phase: 'connecting', exempt }
    this.#setDeadline(this.#options.timings.rotateTimeoutMs)
    this.#host.connect()
  }

  /** A topic of the new connection is live, refused or unproven now. */
  onProgress(): void {
    const state = this.#state
    if (state.phase === 'idle' || !this.#host.isReady(state.exempt)) return
    const { clock, timings } = this.#options
    // Again for each topic that comes to life later: it must overlap for a pad as well.
    this.#state = { phase: 'overlapping', exempt: state.exempt, readyAtMs: nowMs(clock) }
    this.#setDeadline(timings.gapPadMs)
    this.#host.probe()
  }

  /** The new connection failed. */
  onNextLost(reason: string): void {
    if (this.#state.phase === 'idle') return
    this.#state = IDLE
    this.schedule(this.#options.timings.rotateRetryMs)
    this.#host.drop(reason)
  }

  /** The old connection ended by itself: a new one that is open takes over, though perhaps too late. */
  onOldLost(lastInboundMs: number, isStale: boolean): void {
    const state = this.#state
    this.stop()
    if (state.phase !== 'idle' && this.#host.isNextOpen()) {
      const late = this.#host.lateTopics(state.exempt)
      this.#host.replace({ lastInboundMs, isStale, late })
      return
    }
    if (state.phase !== 'idle') this.#host.drop('the old connection was lost first')
    this.#host.reportOutage(lastInboundMs, isStale)
  }

  /** Gives up a replacement that is under way, and plans none. */
  stop(): void {
    this.#timers.clear()
    this.#state = IDLE
  }

  #onDeadline(): void {
    const state = this.#state
    if (state.phase === 'idle') return
    if (!this.#host.isReady(state.exempt)) {
      const isConnecting = state.phase === 'connecting'
      this.onNextLost(
        isConnecting ? 'not every topic was live in time' : 'a topic died in the overlap',
      )
      return
    }
    const { clock, timings } = this.#options
    const lastInboundMs = this.#host.lastInboundMs()
    const late = this.#host.lateTopics(state.exempt)
    // It was probed when the new one was ready: one that has said nothing since is frozen.
    const isFrozen = state.phase === 'overlapping' && lastInboundMs < state.readyAtMs
    if (state.phase === 'overlapping' && !isFrozen && late.size > 0) {
      const catchUpMs = nowMs(clock) - state.readyAtMs
      if (catchUpMs < timings.rotateTimeoutMs) {
        this.#setDeadline(timings.gapPadMs)
        return
      }
    }
    this.stop()
    this.#host.replace({ lastInboundMs, isStale: isFrozen, late })
  }

  #setDeadline(delayMs: number): void {
    this.#timers.clear()
    this.#timers.set(() => this.#onDeadline(), delayMs)
  }
}
