import { describe, expect, it } from 'vitest'
import {
  Backoff,
  type Clock,
  type RetryOptions,
  repeat,
  retry,
  untilAborted,
  WakeUp,
} from '../src/index.ts'

/** A clock whose waits end at once; it records them. */
class InstantClock implements Clock {
  readonly waits: number[] = []

  nowUs(): number {
    return 0
  }

  setTimer(callback: () => void, delayMs: number) {
    this.waits.push(delayMs)
    queueMicrotask(callback)
    return { cancel: () => {} }
  }
}

/** A clock whose timers never fire by themselves. */
const STOPPED: Clock = { nowUs: () => 0, setTimer: () => ({ cancel: () => {} }) }

const backoff = { baseMs: 100, capMs: 1000 }

function setUp(more: Partial<RetryOptions> = {}) {
  const clock = new InstantClock()
  const told: [unknown, number][] = []
  const onRetry = (error: unknown, failures: number): void => {
    told.push([error, failures])
  }
  return { clock, told, options: { clock, backoff, random: () => 1, onRetry, ...more } }
}

function failing(times: number, result: number) {
  let calls = 0
  return async (): Promise<number> => {
    calls += 1
    if (calls <= times) throw new Error(`failure ${calls}`)
    return result
  }
}

describe('Backoff', () => {
  it('doubles its bound up to the cap, and starts again after a reset', () => {
    const delays = new Backoff(backoff, () => 1)
    expect(Array.from({ length: 6 }, () => delays.next())).toEqual([100, 200, 400, 800, 1000, 1000])
    expect(delays.failures).toBe(6)
    delays.reset()
    expect(delays.next()).toBe(100)
  })

  it('draws from zero to the bound', () => {
    const delays = new Backoff(backoff, () => 0.25)
    expect([delays.next(), delays.next()]).toEqual([25, 50])
  })

  it('gives the bound itself without jitter', () => {
    const delays = new Backoff({ ...backoff, jitter: false }, () => 0)
    expect([delays.next(), delays.next()]).toEqual([100, 200])
  })
})

describe('retry', () => {
  it('gives the first success, waits longer each time, and reports the recovery', async () => {
    const { clock, told, options } = setUp()
    expect(await retry(failing(3, 42), options)).toBe(42)
    expect(clock.waits).toEqual([100, 200, 400])
    expect(told.map(([error, failures]) => [String(error), failures])).toEqual([
      ['Error: failure 1', 1],
      ['Error: failure 2', 2],
      ['Error: failure 3', 3],
      ['null', 0],
    ])
  })

  it('reports nothing when the first attempt succeeds', async () => {
    const { clock, told, options } = setUp()
    await retry(failing(0, 1), options)
    expect([clock.waits, told]).toEqual([[], []])
  })

  it('rejects at once with an error that is not retryable', async () => {
    const { clock, options } = setUp({ isRetryable: (_error, failures) => failures < 3 })
    await expect(retry(failing(9, 1), options)).rejects.toThrow('failure 3')
    expect(clock.waits).toEqual([100, 200])
  })

  it('rejects with the reason of an abort before the work, during it and during a wait', async () => {
    const reason = new Error('enough')
    const { options } = setUp({ signal: AbortSignal.abort(reason) })
    await expect(retry(failing(0, 1), options)).rejects.toBe(reason)

    const during = new AbortController()
    const work = async (): Promise<number> => {
      during.abort(reason)
      throw new Error('cut short')
    }
    await expect(retry(work, { ...options, signal: during.signal })).rejects.toBe(reason)

    const waiting = new AbortController()
    const retried = retry(failing(9, 1), {
      ...options,
      clock: STOPPED,
      signal: waiting.signal,
      onRetry: () => setImmediate(() => waiting.abort(reason)),
    })
    await expect(retried).rejects.toBe(reason)
  })
})

describe('repeat', () => {
  it('waits as long as the work says after a success, and backs off after failures', async () => {
    const end = new AbortController()
    const { clock, told, options } = setUp({ signal: end.signal })
    let calls = 0
    await repeat(async () => {
      calls += 1
      if (calls === 2 || calls === 3) throw new Error('away')
      if (calls === 5) end.abort()
      return 7
    }, options)
    expect(clock.waits).toEqual([7, 100, 200, 7])
    expect(told.map(([, failures]) => failures)).toEqual([1, 2, 0])
  })

  it('does not report a failure after the abort', async () => {
    const end = new AbortController()
    const { told, options } = setUp({ signal: end.signal })
    await repeat(async () => {
      end.abort()
      throw new Error('cut short')
    }, options)
    expect(told).toEqual([])
  })

  it('is woken from its wait, also by a wake-up that came during the work', async () => {
    const end = new AbortController()
    const wakeUp = new WakeUp()
    let calls = 0
    const done = repeat(
      async () => {
        calls += 1
        if (calls === 1) wakeUp.now()
        if (calls === 3) end.abort()
        return 60_000
      },
      { clock: STOPPED, backoff, signal: end.signal, wakeUp },
    )
    await expect.poll(() => calls).toBe(2)
    wakeUp.now()
    await done
    expect(calls).toBe(3)
  })

  it('forgets a wake-up when the next work is about to start anyway', async () => {
    const end = new AbortController()
    const wakeUp = new WakeUp()
    wakeUp.now()
    let calls = 0
    const done = repeat(
      async () => {
        calls += 1
        return 60_000
      },
      { clock: STOPPED, backoff, signal: end.signal, wakeUp },
    )
    await new Promise((resolve) => setImmediate(resolve))
    expect(calls).toBe(1)
    end.abort()
    await done
  })
})

describe('untilAborted', () => {
  it('settles with the promise, or rejects with the reason of the abort', async () => {
    const { signal } = new AbortController()
    expect(await untilAborted(Promise.resolve(1), signal)).toBe(1)
    await expect(untilAborted(Promise.reject(new Error('x')), signal)).rejects.toThrow('x')
    const never = new Promise<void>(() => {})
    const reason = new Error('enough')
    await expect(untilAborted(never, AbortSignal.abort(reason))).rejects.toBe(reason)
    const late = new AbortController()
    const waiting = untilAborted(never, late.signal, (why) => new Error('mine', { cause: why }))
    late.abort(reason)
    await expect(waiting).rejects.toMatchObject({ message: 'mine', cause: reason })
  })
})
