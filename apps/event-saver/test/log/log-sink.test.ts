import { describe, expect, it } from 'vitest'
import { createLogger } from '../../src/log/log.ts'
import { LogSink } from '../../src/log/log-sink.ts'

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** A destination that takes what `take` says: a number of bytes, or an error's code. */
function destination(): { text: string; take: number | string; write(bytes: Uint8Array): number } {
  return {
    text: '',
    take: Number.POSITIVE_INFINITY,
    write(bytes) {
      if (typeof this.take === 'string') throw failure(this.take)
      const taken = Math.min(this.take, bytes.byteLength)
      this.text += Buffer.from(bytes.subarray(0, taken)).toString()
      return taken
    },
  }
}

const noTimers = { nowUs: () => 0, setTimer: () => ({ cancel() {} }) }

describe('a line of the log that cannot be written', () => {
  it.each(['ENOSPC', 'EPIPE', 'EIO', 'EBADF'])(
    'because of %s is counted, ends nothing, and is said once writing works again',
    async (code) => {
      const to = destination()
      const sink = new LogSink((bytes) => to.write(bytes), noTimers)
      const log = await createLogger('info', { sink })
      log.info('one')
      to.take = code
      log.info('two')
      log.info('three')
      expect(sink.lost).toBe(2)
      to.take = Number.POSITIVE_INFINITY
      log.info('four')
      log.info('five')
      const lines = to.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(lines.map(({ msg }) => msg)).toEqual([
        'one',
        'four',
        'lines of the log could not be written',
        'five',
      ])
      expect(lines[2]).toMatchObject({ code: 'LOG_LINES_LOST', lost: 2, reason: code, level: 50 })
      expect(sink.lost).toBe(2)
    },
  )

  it('is completed when a part of it was written, so that the next line is whole', () => {
    const to = destination()
    const sink = new LogSink((bytes) => to.write(bytes), noTimers)
    let calls = 0
    const slow = new LogSink((bytes) => {
      calls += 1
      if (calls === 2) throw failure('ENOSPC')
      return to.write(calls === 1 ? bytes.subarray(0, 3) : bytes)
    }, noTimers)
    slow.write('first line\n')
    expect(to.text).toBe('fir')
    slow.write('second line\n')
    expect(to.text).toBe('first line\nsecond line\n')
    expect([slow.lost, sink.lost]).toEqual([0, 0])
  })

  it('waits for a slow reader, up to 1 MiB, and is written in order', () => {
    const to = destination()
    const timers: (() => void)[] = []
    const clock = {
      nowUs: () => 0,
      setTimer: (callback: () => void) => {
        timers.push(callback)
        return { cancel() {} }
      },
    }
    const sink = new LogSink((bytes) => to.write(bytes), clock)
    const said: [number, string][] = []
    sink.onRecovered = (lost, code) => said.push([lost, code])
    to.take = 'EAGAIN'
    const line = `${'x'.repeat(1023)}\n`
    for (let count = 0; count < 1030; count++) sink.write(line)
    expect(sink.lost).toBe(6)
    expect(timers).toHaveLength(1)
    to.take = 1000
    timers[0]?.()
    expect(to.text).toBe(line.repeat(1024))
    expect(said).toEqual([[6, 'EAGAIN']])
  })
})
