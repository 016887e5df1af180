import { startSimulator } from '@grid/bybit-sim'
import { nowMs } from '@grid/core-events'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { ExchangeClock } from '../../src/health/exchange-clock.ts'
import { makeSaver, ownDatabase } from '../support/rig.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

const TIMEOUT = { timeout: 120_000 }
const SECOND_MS = 1000

it('a saver is not ready while the exchange’s clock is more than 5 s away, and is again', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 75, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
  const env = { EVENTSAVER_SYMBOLS: 'BTCUSDT', EVENTSAVER_REST_URL: sim.restUrl }
  const { saver } = makeSaver(sim.wsUrl, database.url, env)
  await saver.start()
  const check = () => saver.status().checks.find(({ code }) => code === 'EXCHANGE_CLOCK')
  await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  for (const offsetMs of [7000, -7000]) {
    await sim.fault({ kind: 'clock-offset', offsetMs })
    await expect.poll(() => check()?.ok, TIMEOUT).toBe(false)
    expect(saver.status().ready).toBe(false)
    expect(check()?.detail).toMatch(/clock/)
    await sim.fault({ kind: 'clock-offset', offsetMs: 0 })
    await expect.poll(() => saver.status().ready, TIMEOUT).toBe(true)
  }
  await saver.stop(AbortSignal.timeout(30_000))
})

it('where no event comes REST tells of it, and a smaller difference is a warning', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 76, symbols: ['BTCUSDT'], paused: true })
  const env = { EVENTSAVER_SYMBOLS: 'BTCUSDT', EVENTSAVER_REST_URL: sim.restUrl }
  for (const [offsetMs, ok] of [
    [20_000, false],
    [2000, true],
  ] as const) {
    await sim.fault({ kind: 'clock-offset', offsetMs })
    const { saver, log } = makeSaver(sim.wsUrl, database.url, env)
    await saver.start()
    const offset = () => saver.status().exchangeClock.offsetMs ?? 0
    await expect.poll(offset, TIMEOUT).toBeGreaterThan(offsetMs / 2)
    const check = saver.status().checks.find(({ code }) => code === 'EXCHANGE_CLOCK')
    expect(check?.ok).toBe(ok)
    if (!ok) expect(check?.detail).toMatch(/^this machine's clock is .* behind the exchange's$/)
    expect(log).toContainEqual(expect.objectContaining({ code: 'EXCHANGE_CLOCK', level: 40 }))
    await saver.stop(AbortSignal.timeout(30_000))
  }
})

/** An exchange whose clock is so far ahead of a machine's that a test sets. */
class Clocks {
  readonly wall = new SteppedClock()
  readonly lines: string[] = []
  readonly clock: ExchangeClock
  offsetMs = 0
  asked = 0
  isAway = false
  #monotonicMs = 0

  constructor() {
    const write = (line: string): void => {
      const { level, code } = JSON.parse(line)
      this.lines.push(`${level} ${code}`)
    }
    this.clock = new ExchangeClock({
      clock: this.wall,
      log: pino({ level: 'debug' }, { write }),
      monotonicMs: () => this.#monotonicMs,
      readTime: async () => {
        this.asked += 1
        if (this.isAway) throw new Error('away')
        const localTsUs = this.wall.nowUs()
        const exchangeTs = nowMs(this.wall) + this.offsetMs
        return { exchangeTs, timeNano: `${exchangeTs}000000`, sentUs: localTsUs, localTsUs }
      },
    })
  }

  /** Lets seconds pass; in each comes an event that is so old. */
  async pass(seconds: number, lagMs?: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.clock.tick(new AbortController().signal)
      await this.wall.step(SECOND_MS)
      this.#monotonicMs += SECOND_MS
      if (lagMs !== undefined) this.clock.note(nowMs(this.wall) - lagMs, this.wall.nowUs())
      this.clock.judge()
    }
  }
}

it('the exchange is asked at most once a minute, whatever happens', async () => {
  const clocks = new Clocks()
  await clocks.pass(1)
  await clocks.wall.step(3_600_000)
  await clocks.pass(179)
  expect(clocks.asked).toBe(3)
})

it('a clock that is set is known at once, and when it is set back', async () => {
  const clocks = new Clocks()
  await clocks.pass(10)
  expect(clocks.clock.judge()).toBeNull()
  await clocks.wall.step(9000)
  expect(clocks.clock.judge()).toBe("this machine's clock is 9 s ahead of the exchange's")
  expect(clocks.asked).toBe(1)
  // A machine that slept: its clock is right, as the events say.
  await clocks.pass(5, 40)
  expect(clocks.clock.judge()).toBeNull()
  // Later none come: what they refuted is not said again.
  await clocks.pass(10)
  expect(clocks.clock.judge()).toBeNull()
  expect(clocks.asked).toBe(1)
})

it('events tell of a difference, but not one absurd time', async () => {
  const clocks = new Clocks()
  await clocks.pass(3, 40)
  await clocks.pass(1, -72_000_000)
  expect(clocks.clock.judge()).toBeNull()
  await clocks.pass(4, -6000)
  expect(clocks.clock.judge()).toBe(
    "events are of a time that is 6 s ahead of this machine's clock",
  )
})

it('old events are late only, once a newer reading says that the clocks agree', async () => {
  const clocks = new Clocks()
  await clocks.pass(10, 40)
  await clocks.pass(5, 8000)
  expect(clocks.clock.judge()).toMatch(/^events are 8 s old when they come/)
  await clocks.pass(60, 8000)
  expect(clocks.asked).toBe(2)
  expect(clocks.clock.judge()).toBeNull()
})

it('a difference of more than 250 ms is told once, its end too, and an exchange that does not tell', async () => {
  const clocks = new Clocks()
  clocks.offsetMs = 300
  await clocks.pass(180)
  expect(clocks.lines.splice(0)).toEqual(['40 EXCHANGE_CLOCK'])
  clocks.offsetMs = 200
  await clocks.pass(120)
  expect(clocks.lines.splice(0)).toEqual(['30 EXCHANGE_CLOCK'])
  clocks.isAway = true
  await clocks.pass(480)
  expect(clocks.lines).toEqual([
    '40 EXCHANGE_CLOCK_UNKNOWN',
    '40 EXCHANGE_CLOCK_UNKNOWN',
    '40 EXCHANGE_CLOCK_UNKNOWN',
    '50 EXCHANGE_CLOCK_UNKNOWN',
  ])
  expect(clocks.clock.judge()).toBeNull()
})
