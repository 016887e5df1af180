import type { CaptureGap } from '@grid/core-events'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { GapLog } from '../../src/log/gap-log.ts'
import { fatalLine } from '../../src/log/line-base.ts'
import { createLogger, type Logger } from '../../src/log/log.ts'
import { LogSink } from '../../src/log/log-sink.ts'
import { retryLog } from '../../src/log/retry-log.ts'
import { PipelineLog } from '../../src/pipeline/pipeline-log.ts'
import { tellingSlow } from '../../src/pipeline/writers/slow-writes.ts'
import { runCli } from '../support/cli.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

interface Line {
  readonly level: number
  readonly msg: string
  readonly [name: string]: unknown
}

function collect(): { log: Logger; lines: Line[] } {
  const lines: Line[] = []
  const log = pino({ level: 'debug' }, { write: (line) => lines.push(JSON.parse(line)) })
  return { log, lines }
}

const FORM = {
  level: expect.any(Number),
  time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  version: expect.stringMatching(/^\d+\.\d+\.\d+/),
}

it('each line has its time in UTC, the version and the collector', async () => {
  const lines: Line[] = []
  const sink = new LogSink((bytes) => {
    lines.push(JSON.parse(Buffer.from(bytes).toString()))
    return bytes.length
  })
  const log = await createLogger('info', { sink, collector: 'tokyo-1' })
  log.info('a line')
  log.child({ category: 'linear' }).warn({ code: 'X' }, 'another')
  expect(lines).toHaveLength(2)
  for (const line of lines) expect(line).toMatchObject({ ...FORM, collector: 'tokyo-1' })
  expect(JSON.parse(fatalLine({ code: 'Y', collector: 'tokyo-1' }, 'the "end"'))).toMatchObject({
    ...FORM,
    ...{ collector: 'tokyo-1', code: 'Y', level: 60, msg: 'the "end"' },
  })
})

describe('the line that says why run ends', () => {
  const NOWHERE = 'postgres://grid@127.0.0.1:1/grid'

  it.each([
    [['--exit-on-db-error'], {}, 75, 'DATABASE_UNREACHABLE', /^DATABASE_UNREACHABLE: /],
    [[], { EVENTSAVER_BATCH_SIZE: 'many' }, 78, 'CONFIGURATION', /EVENTSAVER_BATCH_SIZE: "many"/],
  ])('is JSON as all others: run %j with %j', async (flags, env, exitCode, code, text) => {
    const { code: ended, stderr } = await runCli(['run', ...flags], {
      EVENTSAVER_DATABASE_URL: NOWHERE,
      EVENTSAVER_WS_URL: 'ws://127.0.0.1:1',
      ...env,
    })
    expect(ended).toBe(exitCode)
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    expect(lines.at(-1)).toMatchObject({
      ...FORM,
      level: 60,
      code,
      msg: expect.stringMatching(text),
    })
  })
})

it('all gaps that one reconnect leaves are one line', async () => {
  const { log, lines } = collect()
  const clock = new SteppedClock()
  const gaps = new GapLog(log, clock)
  const ms = Math.floor(clock.nowUs() / 1000)
  for (let n = 0; n < 400; n += 1) {
    const gap = { category: 'linear', channel: 'ticker', symbol: `S${n}`, reason: 'disconnect' }
    gaps.take({ ...gap, startTs: ms, endTs: ms + (n === 7 ? 5300 : 4000) } as CaptureGap)
  }
  const accountId = '00000000-0000-4000-8000-000000000001'
  const own = { accountId, channel: 'order', reason: 'start', startTs: ms, endTs: ms + 1 }
  gaps.take(own as CaptureGap)
  expect(lines).toEqual([])
  await clock.step(6000)
  expect(lines).toMatchObject([
    {
      ...{ level: 40, code: 'GAP', category: 'linear', reason: 'disconnect', gaps: 400 },
      longestMs: 5300,
      from: new Date(ms).toISOString(),
      to: new Date(ms + 5300).toISOString(),
      streams: ['ticker S0', 'ticker S1', 'ticker S2', 'ticker S3', 'ticker S4'],
      msg: 'events may be missing: 400 gaps, longest 5.3 s',
    },
    { accounts: 1, accountIds: [accountId], reason: 'start', gaps: 1, streams: ['order'] },
  ])
})

it('gaps that never pause are told of within 15 s, and at once at the end', async () => {
  const { log, lines } = collect()
  const clock = new SteppedClock()
  const gaps = new GapLog(log, clock)
  const gap = { category: 'spot', channel: 'publicTrade', symbol: 'A', reason: 'queue_full' }
  for (let n = 0; n < 40; n += 1) {
    gaps.take({ ...gap, startTs: 1, endTs: 2 } as CaptureGap)
    await clock.step(500)
  }
  expect(lines).toHaveLength(1)
  gaps.flush()
  expect(lines.map((line) => line['gaps'])).toEqual([31, 9])
})

it('work that goes on failing is an error', () => {
  const { log, lines } = collect()
  const retried = retryLog(log, { code: 'X', failing: 'failing', recovered: 'recovered' })
  for (let failures = 1; failures <= 16; failures += 1) retried(new Error('no'), failures)
  retried(null, 0)
  expect(lines.map(({ level }) => level)).toEqual([40, 40, 40, 50, 50, 30])
})

it('a write of more than 5 s is told of while it lasts, and when it is over', async () => {
  const clock = new SteppedClock()
  const told: (readonly [ms: number, isOver: boolean])[] = []
  const write = async (ms: number): Promise<string> => {
    const written = Promise.withResolvers<string>()
    clock.setTimer(() => written.resolve('stored'), ms)
    const outcome = tellingSlow(
      clock,
      () => written.promise,
      (...slow) => told.push(slow),
    )
    await clock.step(ms)
    return outcome
  }
  expect(await write(4999)).toBe('stored')
  expect(told).toEqual([])
  expect(await write(7000)).toBe('stored')
  expect(told).toEqual([
    [5000, false],
    [7000, true],
  ])
})

it('slow writes have a line a minute for each writer, and one when such a write is over', () => {
  const { log, lines } = collect()
  const told = new PipelineLog(log)
  for (let write = 0; write < 3; write += 1) {
    told.onSlow('ticker', 10, 5000, false)
    told.onSlow('ticker', 10, 7000, true)
  }
  told.onSlow('publicTrade', 1, 5000, false)
  expect(lines).toMatchObject([
    { level: 40, code: 'WRITE_SLOW', writer: 'ticker', rows: 10, ms: 5000, count: 1 },
    { level: 30, code: 'WRITE_SLOW', writer: 'ticker', rows: 10, ms: 7000 },
    { level: 40, code: 'WRITE_SLOW', writer: 'publicTrade' },
  ])
})
