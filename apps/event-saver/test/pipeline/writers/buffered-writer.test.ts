import { type Clock, systemClock } from '@grid/core-events'
import type { DatabaseErrorClass } from '@grid/db'
import { describe, expect, it } from 'vitest'
import { BufferedWriter } from '../../../src/pipeline/writers/buffered-writer.ts'
import { SteppedClock } from '../../support/stepped-clock.ts'

class FakeFailure extends Error {
  readonly kind: DatabaseErrorClass
  constructor(kind: DatabaseErrorClass) {
    super(kind)
    this.kind = kind
  }
}

/** A store that fails as a test says, and remembers what was stored and rejected. */
class Store {
  readonly stored: number[] = []
  readonly rejected: number[] = []
  readonly batches: number[][] = []
  readonly defects: unknown[] = []
  fail: (batch: readonly number[]) => DatabaseErrorClass | null = () => null
  before: () => Promise<void> = () => Promise.resolve()

  writer(
    options: {
      batchSize?: number
      maxWaiting?: number
      maxBytes?: number
      random?: () => number
      clock?: Clock
    } = {},
  ) {
    return new BufferedWriter<number, void>(
      {
        store: async (batch) => {
          this.batches.push([...batch])
          await this.before()
          const failure = this.fail(batch)
          if (failure !== null) throw new FakeFailure(failure)
        },
        settle: (batch) => this.stored.push(...batch),
        classify: (error) => (error as FakeFailure).kind,
        reject: (item) => this.rejected.push(item),
        onRetry: () => {},
        onDefect: (error) => this.defects.push(error),
      },
      {
        batchSize: options.batchSize ?? 10,
        flushIntervalMs: 5,
        maxWaiting: options.maxWaiting ?? 1000,
        maxBytes: options.maxBytes ?? 1e9,
        clock: options.clock ?? systemClock,
        random: options.random ?? (() => 0),
      },
    )
  }
}

function addAll(writer: BufferedWriter<number, void>, from: number, to: number): number {
  let refused = 0
  for (let item = from; item < to; item++) {
    if (writer.hasRoom) writer.add(item, { timeUs: item, position: item, bytes: 100 })
    else refused += 1
  }
  return refused
}

/** Stores what waits, ends the writer, and gives what was left. */
async function drain(writer: BufferedWriter<number, void>, signal: AbortSignal): Promise<number[]> {
  await writer.flush(signal)
  return writer.close().map(([item]) => item)
}

const patience = () => AbortSignal.timeout(10_000)

describe('BufferedWriter', () => {
  it('stores everything once, in order, four batches at once where so many wait', async () => {
    const store = new Store()
    const writer = store.writer()
    writer.open()
    addAll(writer, 0, 95)
    expect(await drain(writer, patience())).toEqual([])
    expect(store.stored).toEqual(Array.from({ length: 95 }, (_, index) => index))
    expect(store.batches.map((batch) => batch.length)).toEqual([40, 40, 15])
    expect(writer.waiting).toBe(0)
    expect(writer.oldest).toBeNull()
  })

  it('stores a partial batch after the interval', async () => {
    const store = new Store()
    const writer = store.writer()
    writer.open()
    addAll(writer, 0, 3)
    await expect.poll(() => store.stored).toEqual([0, 1, 2])
  })

  it('resolves settled() once the items taken so far are stored or rejected, whatever comes after', async () => {
    const store = new Store()
    store.fail = (batch) => (batch.includes(7) ? 'poison' : null)
    const writer = store.writer()
    expect(await writer.settled()).toBe(true)
    addAll(writer, 0, 8)
    const eight = writer.settled().then((isSettled) => [isSettled, store.stored.length])
    writer.open()
    addAll(writer, 8, 30)
    expect(await eight).toEqual([true, expect.any(Number)])
    expect(store.stored).toEqual(expect.arrayContaining([0, 1, 2, 3, 4, 5, 6]))
    expect(store.rejected).toEqual([7])
    await drain(writer, patience())
  })

  it('stores what is less than a batch at once when no more finds room', async () => {
    const store = new Store()
    // Time stands still: no interval ends.
    const writer = store.writer({ clock: new SteppedClock(), maxWaiting: 7 })
    writer.open()
    addAll(writer, 0, 7)
    await expect.poll(() => store.stored).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('stores a partial batch at once when somebody waits for it', async () => {
    const store = new Store()
    // Time stands still: no interval ends.
    const writer = store.writer({ clock: new SteppedClock() })
    writer.open()
    addAll(writer, 0, 3)
    expect(await writer.settled()).toBe(true)
    expect(store.stored).toEqual([0, 1, 2])
  })

  it('resolves settled() to false when a drain gives items up', async () => {
    const writer = new Store().writer()
    addAll(writer, 0, 3)
    const settled = writer.settled()
    expect(await drain(writer, AbortSignal.abort())).toEqual([0, 1, 2])
    expect(await settled).toBe(false)
  })

  it('refuses items that do not fit, counting those that are being stored', async () => {
    const store = new Store()
    const gate = Promise.withResolvers<void>()
    store.before = () => gate.promise
    const writer = store.writer({ maxWaiting: 15 })
    writer.open()
    expect(addAll(writer, 0, 20)).toBe(5)
    expect(writer.waiting).toBe(15)
    expect(writer.oldest).toMatchObject({ timeUs: 0, position: 0 })
    gate.resolve()
    await drain(writer, patience())
    expect(store.stored).toHaveLength(15)
  })

  it('limits the bytes that wait, and those of a batch', async () => {
    const store = new Store()
    const writer = store.writer({ maxBytes: 20_000_000 })
    const arrival = (bytes: number) => ({ timeUs: 0, position: 0, bytes })
    for (let item = 0; item < 4; item++) {
      expect(writer.hasRoom).toBe(true)
      writer.add(item, arrival(5_000_000))
    }
    expect(writer.hasRoom).toBe(false)
    writer.open()
    await drain(writer, patience())
    expect(store.batches).toEqual([[0], [1], [2], [3]])
  })

  it('keeps a batch through passing failures, and counts it once', async () => {
    const store = new Store()
    let failures = 3
    store.fail = () => (failures-- > 0 ? 'transient' : null)
    const writer = store.writer()
    writer.open()
    addAll(writer, 0, 12)
    await drain(writer, patience())
    expect(store.stored).toEqual(Array.from({ length: 12 }, (_, index) => index))
  })

  it('rejects the rows that the store refuses, and stores the other rows of their batch', async () => {
    const store = new Store()
    store.fail = (batch) => (batch.some((item) => item % 7 === 3) ? 'poison' : null)
    const writer = store.writer({ batchSize: 16 })
    writer.open()
    addAll(writer, 0, 20)
    await drain(writer, patience())
    expect(store.rejected).toEqual([3, 10, 17])
    expect(store.stored).toEqual(
      Array.from({ length: 20 }, (_, index) => index).filter((item) => item % 7 !== 3),
    )
  })

  it('goes on with halving after a passing failure', async () => {
    const store = new Store()
    let calls = 0
    store.fail = (batch) => {
      calls += 1
      if (calls % 2 === 0) return 'transient'
      return batch.includes(5) ? 'poison' : null
    }
    const writer = store.writer()
    writer.open()
    addAll(writer, 0, 10)
    await drain(writer, patience())
    expect(store.rejected).toEqual([5])
    expect([...store.stored].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9])
  })

  it('gives the items that it could not store when the signal aborts, even while a store hangs', async () => {
    const store = new Store()
    const gate = Promise.withResolvers<void>()
    store.before = () => gate.promise
    const writer = store.writer()
    writer.open()
    addAll(writer, 0, 12)
    const left = await drain(writer, AbortSignal.timeout(20))
    expect(left).toEqual(Array.from({ length: 12 }, (_, index) => index))
    gate.resolve()
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(store.stored).toEqual([])
  })

  it('gives all items back when it was never opened', async () => {
    const store = new Store()
    const writer = store.writer()
    addAll(writer, 0, 4)
    expect(await drain(writer, patience())).toEqual([0, 1, 2, 3])
    expect(store.batches).toEqual([])
  })

  it('knows its oldest item, and the next after the batch, while a batch is halved', async () => {
    const store = new Store()
    const seen: unknown[] = []
    store.fail = (batch) => (batch.includes(5) ? 'poison' : null)
    const writer = store.writer()
    store.before = async () => {
      const batch = store.batches.at(-1) ?? []
      const next = (batch.at(-1) ?? 0) + 1
      seen.push(
        [writer.oldest?.position, batch[0]],
        [writer.next?.position, next > 12 ? undefined : next],
      )
    }
    writer.open()
    addAll(writer, 3, 13)
    await drain(writer, patience())
    expect(store.rejected).toEqual([5])
    expect(seen.length).toBeGreaterThan(6)
    for (const [actual, expected] of seen as unknown[][]) expect(actual).toBe(expected)
  })

  it('lets go of what the journal holds, keeps the rest, and says so to whoever waits', async () => {
    const store = new Store()
    const gate = Promise.withResolvers<void>()
    store.before = () => gate.promise
    const writer = store.writer({ batchSize: 2 })
    writer.open()
    addAll(writer, 0, 5)
    writer.add(5, { timeUs: 0, position: 9, bytes: 1, isUnkept: true })
    const settled = writer.settled()
    await expect.poll(() => writer.isStoring).toBe(true)
    expect(writer.letGo(3)).toBe(5)
    expect(await settled).toBe(false)
    expect([writer.waiting, writer.oldest?.position]).toEqual([1, 3])
    gate.resolve()
    await drain(writer, patience())
    expect(store.stored).toEqual([5])
    expect(await writer.settled()).toBe(true)
  })

  it('pauses after a failure although more items come', async () => {
    const store = new Store()
    store.fail = () => 'transient'
    const writer = store.writer({ batchSize: 1, maxWaiting: 1e6, random: () => 345_600 })
    writer.open()
    addAll(writer, 0, 5000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(store.batches.length).toBe(1)
    await drain(writer, AbortSignal.abort())
  })

  it('waits a random time between attempts, at first short and never more than 5 s', async () => {
    const store = new Store()
    store.fail = () => 'transient'
    const clock = new SteppedClock()
    const writer = store.writer({ clock, random: () => 0.999 })
    writer.open()
    addAll(writer, 0, 3)
    await clock.step(5)
    const attemptsMs = [clock.nowUs() / 1000]
    for (let before = store.batches.length; attemptsMs.length < 9; ) {
      await clock.step(1)
      if (store.batches.length === before) continue
      before = store.batches.length
      attemptsMs.push(clock.nowUs() / 1000)
    }
    const pauses = attemptsMs.slice(1).map((ms, n) => ms - (attemptsMs[n] ?? 0))
    expect(pauses).toEqual([249, 499, 999, 1998, 3996, 4995, 4995, 4995])
    await drain(writer, AbortSignal.abort())
  })

  it('ends its pause when it is drained', async () => {
    const store = new Store()
    store.fail = () => 'transient'
    // A pause of a day, so that only the drain can end it.
    const writer = store.writer({ random: () => 345_600 })
    writer.open()
    addAll(writer, 0, 3)
    await expect.poll(() => store.batches.length).toBe(1)
    store.fail = () => null
    expect(await drain(writer, patience())).toEqual([])
    expect(store.stored).toEqual([0, 1, 2])
  })

  it('reports an error in counting as a defect instead of ending the process', async () => {
    const store = new Store()
    const writer = store.writer()
    const defect = new Error('accounts')
    store.stored.push = () => {
      throw defect
    }
    writer.open()
    addAll(writer, 0, 3)
    await expect.poll(() => store.defects).toEqual([defect])
    await drain(writer, AbortSignal.abort())
  })
})
