import { type Clock, type ClockTimer, sleep } from '@grid/core-events'
import { fullJitter } from './backoff.ts'
import { type Arrival, WaitingRoom } from './waiting-room.ts'

/** How a failed write is to be treated: try again, blame a row, or call the operator. */
export type WriteFailure = 'transient' | 'poison' | 'fatal'

/** Where a writer's batches go, and who is told what became of them. */
export interface WriterTarget<Item, Outcome> {
  /** Stores a batch whole or not at all. */
  store(items: readonly Item[]): Promise<Outcome>
  /** Settles the accounts of a stored batch, in the same step in which it stops waiting. */
  settle(items: readonly Item[], outcome: Outcome): void
  /** Decides what a failure of `store` means. */
  classify(error: unknown): WriteFailure
  /** Takes an item that the database refuses even when it comes alone. */
  reject(item: Item, error: unknown): void
  /** Told of each failure that is retried, and of the recovery (`failures` is then 0). */
  onRetry?(error: unknown, failures: number): void
}

/** Sizes and times of a writer. */
export interface WriterOptions {
  readonly batchSize: number
  readonly flushIntervalMs: number
  /** Items that may wait, those being stored included. */
  readonly maxWaiting: number
  readonly clock: Clock
  readonly random?: () => number
}

const RETRY = { baseMs: 250, capMs: 30_000 }

/**
 * Collects items and stores them in batches, by size or by time, one batch at a time.
 *
 * A batch that fails for a passing reason is kept and tried again after a pause; one that holds a
 * row the database refuses is halved until that row stands alone and is handed to `reject`. What
 * does not fit is refused by `add`, never dropped silently.
 *
 * @example
 * const writer = new BufferedWriter(target, { batchSize: 1000, flushIntervalMs: 500, maxWaiting: 200_000, clock })
 * writer.add(item, { timeUs: frame.localTsUs, position })
 * await writer.drain(AbortSignal.timeout(30_000))
 */
export class BufferedWriter<Item, Outcome> {
  readonly #target: WriterTarget<Item, Outcome>
  readonly #options: WriterOptions
  readonly #room = new WaitingRoom<Item>()
  /** Batches in hand: more than one only while a refused batch is being halved. */
  #inHand: Item[][] = []
  #inHandSince: Arrival | null = null
  #timer: ClockTimer | null = null
  #running: Promise<void> | null = null
  #failures = 0
  #open = false
  #hurry = new AbortController()

  constructor(target: WriterTarget<Item, Outcome>, options: WriterOptions) {
    this.#target = target
    this.#options = options
  }

  /** Items that are not settled yet. */
  get waiting(): number {
    return this.#room.size + this.#inHand.reduce((sum, batch) => sum + batch.length, 0)
  }

  /** The arrival of the oldest item that is not settled; null when none waits. */
  get oldest(): Arrival | null {
    return this.#inHandSince ?? this.#room.oldest
  }

  /** Failures in a row of the batch in hand. */
  get failures(): number {
    return this.#failures
  }

  /** Starts storing; until then items only wait. */
  open(): void {
    this.#open = true
    this.#schedule()
  }

  /** Takes an item; false when there is no room for it. */
  add(item: Item, arrival: Arrival): boolean {
    if (this.waiting >= this.#options.maxWaiting) return false
    this.#room.push(item, arrival)
    this.#schedule()
    return true
  }

  /**
   * Stores all that waits, until nothing does or the signal aborts; gives what could not be stored
   * and forgets it.
   */
  async drain(signal: AbortSignal): Promise<Item[]> {
    const patienceEnds = aborted(signal).then(() => this.#hurry.abort())
    while (this.#open && this.waiting > 0 && !signal.aborted) {
      await Promise.race([this.#flush(), patienceEnds])
    }
    this.#open = false
    this.#timer?.cancel()
    const left = [...this.#inHand.flat(), ...this.#room.take(this.#room.size)]
    this.#inHand = []
    this.#inHandSince = null
    return left
  }

  #schedule(): void {
    if (!this.#open || this.#running !== null || this.#room.size === 0) return
    if (this.#room.size >= this.#options.batchSize) {
      this.#timer?.cancel()
      this.#timer = null
      void this.#flush()
    } else {
      this.#timer ??= this.#options.clock.setTimer(() => {
        this.#timer = null
        void this.#flush()
      }, this.#options.flushIntervalMs)
    }
  }

  #flush(): Promise<void> {
    this.#running ??= this.#storeNext().finally(() => {
      this.#running = null
      this.#schedule()
    })
    return this.#running
  }

  async #storeNext(): Promise<void> {
    if (this.#inHand.length === 0) {
      this.#inHandSince = this.#room.oldest
      const batch = this.#room.take(this.#options.batchSize)
      if (batch.length > 0) this.#inHand.push(batch)
    }
    while (this.#inHand[0] !== undefined) {
      if (!(await this.#tryStore(this.#inHand[0]))) return
    }
  }

  #takeOffHand(): void {
    this.#inHand.shift()
    if (this.#inHand.length === 0) this.#inHandSince = null
  }

  /** False when the drain's patience ended before the batch could be stored. */
  async #tryStore(batch: Item[]): Promise<boolean> {
    let outcome: Outcome
    try {
      outcome = await this.#target.store(batch)
    } catch (error) {
      return this.#onFailure(batch, error)
    }
    // A drain that lost patience has given this batch up already.
    if (this.#inHand[0] !== batch) return false
    this.#takeOffHand()
    this.#target.settle(batch, outcome)
    this.#recovered()
    return true
  }

  async #onFailure(batch: Item[], error: unknown): Promise<boolean> {
    if (this.#inHand[0] !== batch) return false
    if (this.#target.classify(error) === 'poison') {
      this.#takeOffHand()
      this.#isolate(batch, error)
      return true
    }
    this.#failures += 1
    this.#target.onRetry?.(error, this.#failures)
    const { clock, random } = this.#options
    if (!this.#hurry.signal.aborted) {
      await sleep(clock, fullJitter(this.#failures, RETRY, random), this.#hurry.signal)
    }
    return !this.#hurry.signal.aborted
  }

  #isolate(batch: Item[], error: unknown): void {
    const [first, ...rest] = batch
    if (first === undefined) return
    if (rest.length === 0) {
      this.#target.reject(first, error)
    } else {
      const half = batch.length >> 1
      this.#inHand.unshift(batch.slice(0, half), batch.slice(half))
    }
  }

  #recovered(): void {
    if (this.#failures === 0) return
    this.#failures = 0
    this.#target.onRetry?.(null, 0)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
