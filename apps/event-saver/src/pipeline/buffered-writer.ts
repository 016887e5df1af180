import { Backoff, type Clock, type ClockTimer, untilAborted, WakeUp } from '@grid/core-events'
import type { DatabaseErrorClass } from '@grid/db'
import { type Arrival, WaitingRoom } from './waiting-room.ts'

/** Stores a writer's batches and counts what became of their items. */
export interface WriterTarget<Item, Outcome> {
  /** Stores a batch. May be called again with a batch that is stored already, when its answer was lost. */
  store(items: readonly Item[]): Promise<Outcome>
  /** Counts a stored batch, in the same synchronous step in which it stops waiting. */
  settle(items: readonly Item[], outcome: Outcome): void
  /** What a failure of `store` means: `poison` blames a row of the batch, anything else is tried again. */
  classify(error: unknown): DatabaseErrorClass
  /** Takes an item that the database refuses even in a batch of its own. */
  reject(item: Item, error: unknown): void
  /** Told of each failure that is tried again, and of the recovery (`failures` is then 0). */
  onRetry(error: unknown, failures: number): void
  /** Told of a defect: `settle` or `reject` threw. */
  onDefect(error: unknown): void
}

/** Sizes and times of a writer. */
export interface WriterOptions {
  readonly batchSize: number
  readonly flushIntervalMs: number
  /** Most items that may wait, those being stored included. */
  readonly maxWaiting: number
  /** Most bytes that may wait, those being stored not included. */
  readonly maxBytes: number
  readonly clock: Clock
  readonly random?: () => number
}

/** A larger statement would stall the process while it is encoded. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024
const BACKOFF = { baseMs: 250, capMs: 5000 }

/**
 * Collects items and stores them in batches, by size or by time, one batch at a time.
 *
 * A batch that fails for a passing reason is kept and tried again after a pause. A batch with a row
 * that the database refuses is halved until that row is alone, and `reject` takes it. `add` refuses
 * an item that finds no room, so that none is dropped silently.
 *
 * @example
 * const writer = new BufferedWriter(target, { batchSize: 1000, flushIntervalMs: 500, maxWaiting: 200_000, maxBytes: 2 ** 27, clock })
 * writer.add(item, { timeUs: frame.localTsUs, position, bytes })
 * await writer.drain(AbortSignal.timeout(30_000))
 */
export class BufferedWriter<Item, Outcome> {
  readonly #target: WriterTarget<Item, Outcome>
  readonly #options: WriterOptions
  readonly #room = new WaitingRoom<Item>()
  /** Batches that are being stored: more than one only while a refused batch is halved. */
  #inHand: Item[][] = []
  #inHandSince: Arrival | null = null
  #timer: ClockTimer | null = null
  #running: Promise<void> | null = null
  #isOpen = false
  #isGivenUp = false
  /** Items taken, and items stored or rejected, since the start. Both happen in the same order. */
  #taken = 0
  #done = 0
  #settling: { readonly upTo: number; readonly resolve: (isSettled: boolean) => void }[] = []
  readonly #backoff: Backoff
  /** Ends the pause before the next attempt. */
  readonly #wakeUp = new WakeUp()

  constructor(target: WriterTarget<Item, Outcome>, options: WriterOptions) {
    this.#target = target
    this.#options = options
    this.#backoff = new Backoff(BACKOFF, options.random)
  }

  /** Items that are neither stored nor rejected yet. */
  get waiting(): number {
    return this.#room.size + this.#inHand.reduce((sum, batch) => sum + batch.length, 0)
  }

  /** The arrival of the oldest waiting item; null when none waits. */
  get oldest(): Arrival | null {
    return this.#inHandSince ?? this.#room.oldest
  }

  /** Starts storing; until then items only wait. */
  open(): void {
    this.#isOpen = true
    this.#schedule()
  }

  /** Takes an item; false when there is no room for it. */
  add(item: Item, arrival: Arrival): boolean {
    const { maxWaiting, maxBytes } = this.#options
    if (this.waiting >= maxWaiting || this.#room.bytes + arrival.bytes > maxBytes) return false
    this.#room.push(item, arrival)
    this.#taken += 1
    this.#schedule()
    return true
  }

  /** Resolves once every item taken so far is stored or rejected; to false when a drain gave one up. */
  settled(): Promise<boolean> {
    if (this.#done === this.#taken) return Promise.resolve(true)
    return new Promise((resolve) => this.#settling.push({ upTo: this.#taken, resolve }))
  }

  /**
   * Stores the waiting items until none is left or the signal aborts. Forgets the items that are left,
   * and gives them.
   */
  async drain(signal: AbortSignal): Promise<Item[]> {
    // Whatever went wrong before, it is worth trying again now.
    this.#wakeUp.now()
    while (this.#isOpen && this.waiting > 0 && !signal.aborted) {
      await untilAborted(this.#flush(), signal).catch(() => {})
    }
    this.#isGivenUp = signal.aborted
    this.#isOpen = false
    this.#wakeUp.now()
    this.#timer?.cancel()
    const left = [...this.#inHand.flat(), ...this.#room.take(this.#room.size)]
    this.#inHand = []
    this.#inHandSince = null
    for (const { resolve } of this.#settling.splice(0)) resolve(false)
    return left
  }

  #schedule(): void {
    if (!this.#isOpen || this.#running !== null || this.#room.size === 0) return
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
    this.#running ??= this.#storeNext()
      .catch((error: unknown) => this.#target.onDefect(error))
      .finally(() => {
        this.#running = null
        this.#schedule()
      })
    return this.#running
  }

  async #storeNext(): Promise<void> {
    if (this.#inHand.length === 0) {
      this.#inHandSince = this.#room.oldest
      const batch = this.#room.take(this.#options.batchSize, MAX_BATCH_BYTES)
      if (batch.length > 0) this.#inHand.push(batch)
    }
    while (this.#inHand[0] !== undefined && !this.#isGivenUp) await this.#tryStore(this.#inHand[0])
  }

  async #tryStore(batch: Item[]): Promise<void> {
    let outcome: Outcome
    try {
      outcome = await this.#target.store(batch)
    } catch (error) {
      // A drain that lost patience has given this batch up.
      if (this.#inHand[0] === batch) await this.#onFailure(batch, error)
      return
    }
    if (this.#inHand[0] !== batch) return
    this.#replaceFirst([])
    this.#target.settle(batch, outcome)
    this.#finish(batch.length)
    if (this.#backoff.failures === 0) return
    this.#backoff.reset()
    this.#target.onRetry(null, 0)
  }

  async #onFailure(batch: Item[], error: unknown): Promise<void> {
    if (this.#target.classify(error) !== 'poison') {
      const delayMs = this.#backoff.next()
      this.#target.onRetry(error, this.#backoff.failures)
      if (this.#isGivenUp) return
      // Only a drain that begins during the pause ends it.
      this.#wakeUp.clear()
      await this.#wakeUp.sleep(this.#options.clock, delayMs)
    } else if (batch.length > 1) {
      const half = batch.length >> 1
      this.#replaceFirst([batch.slice(0, half), batch.slice(half)])
    } else {
      this.#replaceFirst([])
      for (const item of batch) this.#target.reject(item, error)
      this.#finish(batch.length)
    }
  }

  #finish(items: number): void {
    this.#done += items
    const waiting = this.#settling
    this.#settling = waiting.filter(({ upTo }) => upTo > this.#done)
    for (const { upTo, resolve } of waiting) if (upTo <= this.#done) resolve(true)
  }

  /** Replaces the first batch that is being stored; its oldest arrival counts until none is left. */
  #replaceFirst(batches: Item[][]): void {
    this.#inHand.splice(0, 1, ...batches)
    if (this.#inHand.length === 0) this.#inHandSince = null
  }
}
