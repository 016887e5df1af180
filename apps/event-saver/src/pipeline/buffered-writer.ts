import { type Clock, type ClockTimer, sleep } from '@grid/core-events'
import type { DatabaseErrorClass } from '@grid/db'
import { fullJitter } from './backoff.ts'
import { type Arrival, WaitingRoom } from './waiting-room.ts'

/** Where a writer's batches go, and who is told what became of them. */
export interface WriterTarget<Item, Outcome> {
  /** Stores a batch so that a repetition does no harm: it is tried again when its answer is lost. */
  store(items: readonly Item[]): Promise<Outcome>
  /** Settles the accounts of a stored batch, in the same step in which it stops waiting. */
  settle(items: readonly Item[], outcome: Outcome): void
  /** Decides what a failure of `store` means: try again, blame a row, or call the operator. */
  classify(error: unknown): DatabaseErrorClass
  /** Takes an item that the database refuses even when it comes alone. */
  reject(item: Item, error: unknown): void
  /** Told of each failure that is retried, and of the recovery (`failures` is then 0). */
  onRetry(error: unknown, failures: number): void
  /** Told of a defect: `settle` or `reject` threw. */
  onDefect(error: unknown): void
}

/** Sizes and times of a writer. */
export interface WriterOptions {
  readonly batchSize: number
  readonly flushIntervalMs: number
  /** Items that may wait, those being stored included. */
  readonly maxWaiting: number
  /** Bytes that may wait beside the batch in hand. */
  readonly maxBytes: number
  readonly clock: Clock
  readonly random?: () => number
}

/** A statement carries its rows as text: far larger ones stall the process and may not fit one. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024
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
  #isOpen = false
  #isGivenUp = false
  /** Items taken and items done with, since the start; items are done with in order. */
  #taken = 0
  #done = 0
  #settling: { readonly upTo: number; readonly resolve: (isSettled: boolean) => void }[] = []
  /** Ends the pause before the next attempt. */
  #pause = new AbortController()

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

  /**
   * Resolves once every item taken so far is done with, stored or handed to `reject`; to false when
   * a drain gave one up.
   */
  settled(): Promise<boolean> {
    if (this.#done === this.#taken) return Promise.resolve(true)
    return new Promise((resolve) => this.#settling.push({ upTo: this.#taken, resolve }))
  }

  /**
   * Stores all that waits, until nothing does or the signal aborts; gives what could not be stored
   * and forgets it.
   */
  async drain(signal: AbortSignal): Promise<Item[]> {
    const patienceEnds = aborted(signal).then(() => {
      this.#isGivenUp = true
      this.#pause.abort()
    })
    // Whatever went wrong before, it is worth trying again now.
    this.#pause.abort()
    while (this.#isOpen && this.waiting > 0 && !signal.aborted) {
      await Promise.race([this.#flush(), patienceEnds])
    }
    this.#isOpen = false
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
      // A drain that lost patience has given this batch up already.
      if (this.#inHand[0] === batch) await this.#onFailure(batch, error)
      return
    }
    if (this.#inHand[0] !== batch) return
    this.#replaceFirst([])
    this.#target.settle(batch, outcome)
    this.#finish(batch.length)
    if (this.#failures === 0) return
    this.#failures = 0
    this.#target.onRetry(null, 0)
  }

  async #onFailure(batch: Item[], error: unknown): Promise<void> {
    if (this.#target.classify(error) !== 'poison') {
      this.#failures += 1
      this.#target.onRetry(error, this.#failures)
      const { clock, random } = this.#options
      if (this.#isGivenUp) return
      this.#pause = new AbortController()
      await sleep(clock, fullJitter(this.#failures, RETRY, random), this.#pause.signal)
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

  /** Replaces the batch that is being stored; the oldest arrival stands until nothing is in hand. */
  #replaceFirst(batches: Item[][]): void {
    this.#inHand.splice(0, 1, ...batches)
    if (this.#inHand.length === 0) this.#inHandSince = null
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
