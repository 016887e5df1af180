import { tmpdir } from 'node:os'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import {
  type MachineReaders,
  MachineWatch,
  machineReaders,
} from '../../src/health/machine-watch.ts'
import { SteppedClock } from '../support/stepped-clock.ts'

const GIB = 1024 ** 3

/** A machine that is well, but for what a test changes. */
function begin(changed: Partial<MachineReaders> = {}): {
  watch: MachineWatch
  readers: { -readonly [Name in keyof MachineReaders]: MachineReaders[Name] }
  clock: SteppedClock
  lines: () => string[]
} {
  const lines: string[] = []
  const write = (line: string): void => {
    const { level, code } = JSON.parse(line)
    lines.push(`${level} ${code}`)
  }
  const clock = new SteppedClock()
  const readers = {
    memory: () => ({ used: 1, limit: 100 }),
    heap: () => ({ used: 1, limit: 100 }),
    files: async () => ({ used: 1, limit: 100 }),
    diskFree: async () => 5 * GIB,
    monotonicMs: () => 0,
    ...changed,
  }
  const watch = new MachineWatch({ clock, log: pino({ level: 'debug' }, { write }), readers })
  return { watch, readers, clock, lines: () => lines.splice(0) }
}

const refuse = (code: string) => (): never => {
  throw Object.assign(new Error(code), { code })
}

describe('a watchdog of the machine', () => {
  it.each([
    ['MEMORY_HIGH', { memory: () => ({ used: 91, limit: 100 }) }],
    ['MEMORY_HIGH', { heap: () => ({ used: 91, limit: 100 }) }],
    ['FILES_LOW', { files: async () => ({ used: 81, limit: 100 }) }],
    ['FILES_LOW', { files: async () => refuse('EMFILE')() }],
    ['DISK_LOW', { diskFree: async () => GIB - 1 }],
  ] as const)('tells of %s when it begins and when it is over', async (code, changed) => {
    const { watch, readers, lines } = begin()
    const well = { ...readers }
    await watch.look()
    expect([lines(), watch.status.alarms]).toEqual([[], []])
    Object.assign(readers, changed)
    await watch.look()
    await watch.look()
    expect([lines(), watch.status.alarms]).toEqual([[`40 ${code}`], [code]])
    Object.assign(readers, well)
    await watch.look()
    expect([lines(), watch.status.alarms]).toEqual([[`30 ${code}`], []])
  })

  it('tells of a clock that was set, either way, and not of one that goes', async () => {
    let monotonicMs = 0
    const { watch, clock, lines } = begin({ monotonicMs: () => monotonicMs })
    for (let second = 0; second < 5; second += 1) {
      await clock.step(1000)
      monotonicMs += 1000
      watch.tick()
    }
    expect(lines()).toEqual([])
    await clock.step(60_000)
    watch.tick()
    monotonicMs += 60_000
    watch.tick()
    expect(lines()).toEqual(['40 CLOCK_JUMPED', '40 CLOCK_JUMPED'])
    expect(watch.status.clockJumps).toBe(2)
  })

  it('neither throws nor rejects when nothing can be read', async () => {
    const broken = {
      memory: refuse('ENOENT'),
      heap: refuse('ENOENT'),
      files: async () => refuse('ENOENT')(),
      diskFree: async () => refuse('ENOENT')(),
    }
    const { watch, lines } = begin(broken)
    watch.tick()
    await watch.look()
    expect(lines()).toEqual([])
    expect(watch.status).toEqual({
      memoryLimitBytes: null,
      openFiles: null,
      openFilesLimit: null,
      diskFreeBytes: null,
      clockJumps: 0,
      alarms: [],
    })
  })

  it.runIf(process.platform === 'linux')('reads this machine', async () => {
    const { watch } = begin(machineReaders(tmpdir()))
    await watch.look()
    const { diskFreeBytes, memoryLimitBytes, openFiles, openFilesLimit } = watch.status
    expect(memoryLimitBytes).toBeGreaterThan(0)
    expect(openFiles).toBeGreaterThan(2)
    expect(openFilesLimit ?? Number.POSITIVE_INFINITY).toBeGreaterThan(openFiles ?? 0)
    expect(diskFreeBytes).toBeGreaterThanOrEqual(0)
  })
})
