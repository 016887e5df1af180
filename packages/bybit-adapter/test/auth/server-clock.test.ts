import { expect, test } from 'vitest'
import { ServerClock, type ServerTime } from '../../src/index.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

/** Round trips in milliseconds: there, and back. */
type Trip = readonly [there: number, back: number]

/** An exchange that is so far ahead, over these round trips; after them it cannot be reached. */
function exchange(clock: SteppedClock, aheadMs: number, trips: readonly Trip[]) {
  let asked = 0
  const readTime = async (): Promise<ServerTime> => {
    const trip = trips[asked++]
    if (trip === undefined) throw new Error('not reached')
    const sentUs = clock.nowUs()
    clock.advance(trip[0])
    const exchangeTs = clock.nowMs + aheadMs
    clock.advance(trip[1])
    return { exchangeTs, timeNano: `${exchangeTs}000000`, sentUs, localTsUs: clock.nowUs() }
  }
  return { readTime, asked: () => asked }
}

test('the median of several samples withstands slow and lopsided ones', async () => {
  const clock = new SteppedClock()
  const trips: Trip[] = [
    [20, 20],
    [900, 10],
    [21, 19],
    [10, 2_000],
    [19, 21],
  ]
  const { readTime } = exchange(clock, 300_000, trips)
  const serverClock = new ServerClock({ clock, readTime })
  expect(serverClock.offsetMs).toBeNull()
  await serverClock.ready()
  expect(serverClock.offsetMs).toBe(300_000)
  // Half a round trip early: the offset may be wrong by as much.
  expect(serverClock.nowMs()).toBe(clock.nowMs + 300_000 - 20)
})

test.each<[name: string, trip: Trip]>([
  ['all of the time there', [800, 0]],
  ['all of it back', [0, 800]],
  ['more than the bias allows', [0, 3_000]],
])('a trip that took %s never gives a time that the exchange refuses', async (_name, trip) => {
  const clock = new SteppedClock()
  const { readTime } = exchange(clock, -300_000, [trip, trip, trip, trip, trip])
  const serverClock = new ServerClock({ clock, readTime })
  await serverClock.ready()
  const aheadMs = serverClock.nowMs() - (clock.nowMs - 300_000)
  expect(aheadMs).toBeLessThan(1_000 + 1)
  expect(aheadMs).toBeGreaterThan(-5_000)
})

test('a measurement is shared, renewed in the background when old, and awaited anew when doubted', async () => {
  const clock = new SteppedClock()
  const trips = Array.from({ length: 13 }, (): Trip => [10, 10])
  const { readTime, asked } = exchange(clock, 0, trips)
  const serverClock = new ServerClock({ clock, readTime })
  await Promise.all([serverClock.ready(), serverClock.ready()])
  expect(asked()).toBe(5)
  // A request that was signed before the newest measurement says nothing about it.
  serverClock.doubt()
  await serverClock.ready()
  expect(asked()).toBe(5)
  clock.advance(600_000)
  await serverClock.ready()
  await new Promise(setImmediate)
  expect(asked()).toBe(10)
  clock.advance(5_000)
  serverClock.doubt()
  // Three samples and a failure are still a measurement.
  await serverClock.ready()
  expect(asked()).toBe(14)
  clock.advance(600_000)
  await serverClock.ready()
  await new Promise(setImmediate)
  expect(serverClock.offsetMs).toBe(0)
  clock.advance(5_000)
  serverClock.doubt()
  await expect(serverClock.ready()).rejects.toThrow('not reached')
})

test('a caller that gives up leaves the measurement to the others; the last one ends it', async () => {
  const clock = new SteppedClock()
  const signals: (AbortSignal | undefined)[] = []
  const serverClock = new ServerClock({
    clock,
    readTime: ({ signal }) => {
      signals.push(signal)
      return new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('ended')))
      })
    },
  })
  const [first, second] = [new AbortController(), new AbortController()]
  const waits = [serverClock.ready(first.signal), serverClock.ready(second.signal)]
  const settled = Promise.allSettled(waits)
  first.abort()
  await expect(waits[0]).rejects.toMatchObject({ code: 'ABORTED' })
  expect(signals[0]?.aborted).toBe(false)
  second.abort()
  await settled
  expect(signals).toHaveLength(1)
  expect(signals[0]?.aborted).toBe(true)
})
