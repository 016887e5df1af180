import { Backoff, type Clock, type ClockTimer, untilAborted, WakeUp } from '@grid/core-events'
import type { DatabaseErrorClass } from '@grid/db'
import { type Arrival, type Batch, WaitingRoom } from './waiting-room.ts'

/** Stores a writer's batches and counts what became of their items. */
export interface WriterTarget<Item, Outcome> {
  /** Stores a batch. May be called again with a batch that is stored already, when its answer was lost. */
  store(items: readonly Item[], arrivals: readonly Arrival[]): Promise<Outcome>
  /** Counts a stored batch, in the same synchronous step in which it stops waiting. */
  settle(items: readonly Item[], outcome: Outcome, arrivals: readonly Arrival[]): void
  /** What a failure of `store` means: `poison` blames a row of the batch, anything else is tried again. */
  classify(error: unknown): DatabaseErrorClass
  /** Takes an item that the database refuses even in a batch of its own. */
  reject(item: Item, error: unknown, arrival: Arrival): void
  /** Told of each failure that is tried again, and of the recovery (`failures` is then 0). */
  onRetry(error: unknown, failures: number): void
  /** Told of a defect: `settle` or `reject` threw. */
  onDefect(error: unknown): void
  /** Resolves once there is room for what a batch may leave behind, its refused items. Default: at once. */
  ready?(): Promise<void>
}

/** Sizes and times of a writer. */
export interface WriterOptions {
  /** Stored as soon as so many wait; of more, up to four times as many at once. */
  readonly batchSize: number
  readonly flushIntervalMs: number
  /** Most items that may wait, those being stored included. */
  readonly maxWaiting: number
  /** Most bytes that may wait, those being stored not included. */
  readonly maxBytes: number
  readonly clock: Clock
  readonly random?: () => number
}

/** Items that a writer gave up, with their arrivals. */
export type LeftItems<Item> = readonly (readonly [item: Item, arrival: Arrival])[]

/** A larger statement would stall the process while it is encoded. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024
/**
 * How many batches that wait are stored as one. Each transaction waits several times for the server, and for its turn
 * in a busy process: a writer that has fallen behind would catch up no faster than these waits allow.
 */
const BATCHES_AT_ONCE = 4
const BACKOFF = { baseMs: 250, capMs: 5000 }

/**
 * Collects items and stores them in batches, by size or by time, one batch at a time. What waits longer is stored in
 * larger batches.
 *
 * A batch that fails for a passing reason is kept and tried again after a pause. A batch with a row
 * that the database refuses is halved until that row is alone, and `reject` takes it.
 *
 * @example
 * const writer = new BufferedWriter(target, { batchSize: 1000, flushIntervalMs: 500, maxWaiting: 20_000, maxBytes: 2 ** 25, clock })
 * if (writer.hasRoom) writer.add(item, { timeUs: frame.localTsUs, position, bytes })
 * await writer.flush(AbortSignal.timeout(30_000))
 * writer.close()
 */
export class BufferedWriter<Item, Outcome> {
  readonly #target: WriterTarget<Item, Outcome>
  readonly #options: WriterOptions
  #room = new WaitingRoom<Item>()
  /** Batches that are being stored: more than one only while a refused batch is halved. */
  #inHand: Batch<Item>[] = []
  #timer: ClockTimer | null = null
  #running: Promise<void> | null = null
  #isOpen = false
  #isClosed = false
  /** Items taken, and items stored or rejected, since the start. Both happen in the same order. */
  #taken = 0
  #done = 0
  #settling: { readonly upTo: number; readonly resolve: (isSettled: boolean) => void }[] = []
  #changing = Promise.withResolvers<void>()
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
    return this.#room.size + this.#inHand.reduce((sum, batch) => sum + batch.items.length, 0)
  }

  /** The arrival of the oldest waiting item; null when none waits. */
  get oldest(): Arrival | null {
    return this.#inHand[0]?.arrivals[0] ?? this.#room.oldest
  }

  /** The arrival of the oldest item that is not in the batch which is being stored. */
  get next(): Arrival | null {
    return this.#inHand[1]?.arrivals[0] ?? this.#room.oldest
  }

  /** Whether there is room for a frame's items. One frame may go beyond the bounds, so that it stays whole. */
  get hasRoom(): boolean {
    const { maxWaiting, maxBytes } = this.#options
    return this.waiting < maxWaiting && this.#room.bytes < maxBytes
  }

  /** Whether a batch is being stored, or is to be tried again. */
  get isStoring(): boolean {
    return this.#inHand.length > 0
  }

  /** Whether the last attempt failed. */
  get isFailing(): boolean {
    return this.#backoff.failures > 0
  }

  /** Whether it stores. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Starts storing; until then items only wait. */
  open(): void {
    if (this.#isClosed) return
    this.#isOpen = true
    this.#schedule()
  }

  /** Takes an item, also one for which there is no room: ask `hasRoom` first. */
  add(item: Item, arrival: Arrival): void {
    this.#room.push(item, arrival)
    this.#taken += 1
    this.#schedule()
  }

  /**
   * Resolves once every item taken so far is stored or rejected; to false when some were given up. They are stored
   * at once: whoever waits need not wait for more.
   */
  settled(): Promise<boolean> {
    if (this.#done === this.#taken) return Promise.resolve(true)
    if (this.#isClosed) return Promise.resolve(false)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#settling.push({ upTo: this.#taken, resolve })
    this.#schedule()
    return promise
  }

  /** Resolves when items wait no longer, or an attempt has failed. */
  changed(): Promise<void> {
    return this.#changing.promise
  }

  /** Stores at once, without waiting for more, until no item is left or the signal aborts. */
  async flush(signal: AbortSignal): Promise<void> {
    // Whatever went wrong before, it is worth trying again now.
    this.#wakeUp.now()
    while (this.#isOpen && this.waiting > 0 && !signal.aborted) {
      await untilAborted(this.#flush(), signal).catch(() => {})
    }
  }

  /**
   * Forgets the items that the journal holds, because they will be read from there again, and gives their
   * number. What is in memory alone goes on waiting, as if it had come at `position`.
   */
  letGo(position: number): number {
    const all = this.#takeAll()
    const kept = all.filter(([, { isUnkept }]) => isUnkept)
    for (const [item, arrival] of kept) this.#room.push(item, { ...arrival, position })
    this.#done += all.length - kept.length
    this.#giveUpWaits()
    this.#wakeUp.now()
    return all.length - kept.length
  }

  /** Ends: forgets the items that are left, and gives them. A store that is under way is not waited for. */
  close(): LeftItems<Item> {
    this.#isClosed = true
    this.#isOpen = false
    this.#wakeUp.now()
    this.#timer?.cancel()
    const left = this.#takeAll()
    this.#giveUpWaits()
    return left
  }

  #takeAll(): LeftItems<Item> {
    const batches = [...this.#inHand, this.#room.take(this.#room.size)]
    this.#inHand = []
    return batches.flatMap(({ items, arrivals }) =>
      // Sound: every item has its arrival.
      items.map((item, index) => [item, arrivals[index] as Arrival] as const),
    )
  }

  #schedule(): void {
    if (!this.#isOpen || this.#running !== null || this.#room.size === 0) return
    const isDue = this.#room.size >= this.#options.batchSize || this.#settling.length > 0
    // Nobody adds to a full queue: less than a batch would wait for more in vain.
    if (isDue || !this.hasRoom) {
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
    await this.#target.ready?.()
    if (this.#inHand.length === 0) {
      const rows = this.#options.batchSize * BATCHES_AT_ONCE
      const batch = this.#room.take(rows, MAX_BATCH_BYTES)
      if (batch.items.length > 0) this.#inHand.push(batch)
    }
    while (this.#inHand[0] !== undefined && !this.#isClosed) await this.#tryStore(this.#inHand[0])
  }

  async #tryStore(batch: Batch<Item>): Promise<void> {
    const { items, arrivals } = batch
    let outcome: Outcome
    try {
      outcome = await this.#target.store(items, arrivals)
    } catch (error) {
      // It was let go meanwhile, or given up.
      if (this.#inHand[0] === batch) await this.#onFailure(batch, error)
      return
    }
    if (this.#inHand[0] !== batch) return
    this.#inHand.shift()
    this.#target.settle(items, outcome, arrivals)
    this.#finish(items.length)
    if (this.#backoff.failures === 0) return
    this.#backoff.reset()
    this.#target.onRetry(null, 0)
  }

  async #onFailure({ items, arrivals }: Batch<Item>, error: unknown): Promise<void> {
    if (this.#target.classify(error) !== 'poison') {
      const delayMs = this.#backoff.next()
      this.#target.onRetry(error, this.#backoff.failures)
      this.#change()
      if (this.#isClosed) return
      // Only what happens during the pause ends it.
      this.#wakeUp.clear()
      await this.#wakeUp.sleep(this.#options.clock, delayMs)
    } else if (items.length > 1) {
      const half = items.length >> 1
      const first = { items: items.slice(0, half), arrivals: arrivals.slice(0, half) }
      const second = { items: items.slice(half), arrivals: arrivals.slice(half) }
      this.#inHand.splice(0, 1, first, second)
    } else {
      this.#inHand.shift()
      // Sound: every item has its arrival.
      items.forEach((item, index) => {
        this.#target.reject(item, error, arrivals[index] as Arrival)
      })
      this.#finish(items.length)
    }
  }

  #finish(items: number): void {
    this.#done += items
    const waiting = this.#settling
    this.#settling = waiting.filter(({ upTo }) => upTo > this.#done)
    for (const { upTo, resolve } of waiting) if (upTo <= this.#done) resolve(true)
    this.#change()
  }

  #giveUpWaits(): void {
    for (const { resolve } of this.#settling.splice(0)) resolve(false)
    this.#change()
  }

  #change(): void {
    this.#changing.resolve()
    this.#changing = Promise.withResolvers()
  }
}
