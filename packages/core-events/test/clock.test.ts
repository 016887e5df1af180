import { describe, expect, it, vi } from 'vitest'
import { type Clock, nowMs, sleep, systemClock } from '../src/index.ts'

/** A clock whose timers the test fires. */
function handClock(): { clock: Clock; timers: Map<() => void, number> } {
  const timers = new Map<() => void, number>()
  const clock: Clock = {
    nowUs: () => 1_760_000_000_101_999,
    setTimer(callback, delayMs) {
      timers.set(callback, delayMs)
      return { cancel: () => timers.delete(callback) }
    },
  }
  return { clock, timers }
}

describe('systemClock', () => {
  it('stays close to the wall clock', () => {
    const before = Date.now()
    const us = systemClock.nowUs()
    const after = Date.now()
    expect(Number.isSafeInteger(us)).toBe(true)
    expect(us).toBeGreaterThanOrEqual((before - 3) * 1000)
    expect(us).toBeLessThanOrEqual((after + 3) * 1000)
  })

  it('gives different times within one millisecond, in order', () => {
    const stamps = Array.from({ length: 20_000 }, () => systemClock.nowUs())
    const backwards = stamps.filter((us, index) => us < (stamps[index - 1] ?? 0))
    // Time may step back only when the fine counter is set again after a drift.
    expect(backwards.length).toBeLessThanOrEqual(1)
    expect(stamps.some((us) => us % 1000 !== 0)).toBe(true)
  })

  it('does not step back when the process is held up between its readings', () => {
    const wallNow = Date.now
    let resumedMs = 0
    const readings = vi.spyOn(Date, 'now').mockImplementationOnce(() => {
      const wall = wallNow()
      while (resumedMs < wall + 10) resumedMs = wallNow()
      return wall
    })
    const stamps = [1, 2, 3].map(() => systemClock.nowUs())
    readings.mockRestore()
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b))
    expect(stamps[0]).toBeGreaterThan((resumedMs - 3) * 1000)
  })

  it('follows the wall clock when that is set', () => {
    const wallNow = Date.now
    const readings = vi.spyOn(Date, 'now').mockImplementation(() => wallNow() - 3_600_000)
    const us = systemClock.nowUs()
    readings.mockRestore()
    expect(Math.abs(us / 1000 + 3_600_000 - wallNow())).toBeLessThan(1_000)
    expect(Math.abs(systemClock.nowUs() / 1000 - wallNow())).toBeLessThan(1_000)
  })

  it('does not call back after its timer was cancelled', async () => {
    let fired = false
    const timer = systemClock.setTimer(() => {
      fired = true
    }, 0)
    timer.cancel()
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(fired).toBe(false)
    timer.cancel()
  })
})

it('nowMs rounds down to the millisecond', () => {
  expect(nowMs(handClock().clock)).toBe(1_760_000_000_101)
})

describe('sleep', () => {
  it('ends when the timer fires, and leaves no listener on the signal', async () => {
    const { clock, timers } = handClock()
    const controller = new AbortController()
    const sleeping = sleep(clock, 500, controller.signal)
    expect([...timers.values()]).toEqual([500])
    for (const fire of timers.keys()) fire()
    await sleeping
    controller.abort()
    expect(timers.size).toBe(0)
  })

  it('ends early on an abort and stops its timer', async () => {
    const { clock, timers } = handClock()
    const controller = new AbortController()
    const sleeping = sleep(clock, 500, controller.signal)
    controller.abort()
    await sleeping
    expect(timers.size).toBe(0)
  })

  it('sets no timer when the signal is already aborted', async () => {
    const { clock, timers } = handClock()
    await sleep(clock, 500, AbortSignal.abort())
    expect(timers.size).toBe(0)
  })
})
