import { readdir, readFile, statfs } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { type Clock, durationText, nowMs } from '@grid/core-events'
import type { Logger } from '../log/log.ts'

/** How often memory, files and disk are looked at. */
const LOOK_EVERY_MS = 10_000
/** A clock that moved by more than this between two looks was set, or the machine slept. */
const JUMP_MS = 1000
/** Shares of a bound from which on there is an alarm. */
const MEMORY_SHARE = 0.9
const FILES_SHARE = 0.8
const LEAST_DISK_BYTES = 1024 ** 3
const MIB = 1024 ** 2

/** What is alarming about the machine, by stable codes. */
export const MACHINE_ALARMS = ['MEMORY_HIGH', 'FILES_LOW', 'DISK_LOW'] as const

/** One of them. */
export type MachineAlarm = (typeof MACHINE_ALARMS)[number]

/** What was read of the machine last; null where it cannot be read. */
export interface MachineStatus {
  /** Most memory that the process may have: that of its container, else the machine's. */
  readonly memoryLimitBytes: number | null
  readonly openFiles: number | null
  readonly openFilesLimit: number | null
  /** Free on the disk of the data directory. */
  readonly diskFreeBytes: number | null
  /** How often this machine's clock was set since the start. */
  readonly clockJumps: number
  /** What is alarming now. */
  readonly alarms: readonly MachineAlarm[]
}

/** How the machine is read; each may throw or reject. */
export interface MachineReaders {
  memory(): { readonly used: number; readonly limit: number }
  heap(): { readonly used: number; readonly limit: number }
  files(): Promise<{ readonly used: number; readonly limit: number }>
  diskFree(): Promise<number>
  monotonicMs(): number
}

/** What a watch is made of. */
export interface MachineWatchOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly readers: MachineReaders
}

/** Reads this machine by the system's files; the disk is that of a folder. */
export function machineReaders(folder: string): MachineReaders {
  return {
    memory: () => {
      const constrained = process.constrainedMemory()
      const all = totalmem()
      const limit = constrained > 0 && constrained < all ? constrained : all
      return { used: process.memoryUsage.rss(), limit }
    },
    heap: () => {
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
      return { used, limit }
    },
    files: async () => {
      const [open, limits] = await Promise.all([
        readdir('/proc/self/fd'),
        readFile('/proc/self/limits', 'utf8'),
      ])
      const [, limit = ''] = /^Max open files\s+(\d+)/m.exec(limits) ?? []
      return { used: open.length, limit: limit === '' ? Number.POSITIVE_INFINITY : Number(limit) }
    },
    diskFree: async () => {
      const disk = await statfs(folder)
      return disk.bavail * disk.bsize
    },
    monotonicMs: () => performance.now(),
  }
}

/**
 * Watches memory, file descriptors, disk and clock: tells of an alarm once when it begins and once when it is over.
 *
 * It only tells, and never throws: what cannot be read is null.
 */
export class MachineWatch {
  readonly #options: MachineWatchOptions
  readonly #alarms = new Set<MachineAlarm>()
  #lookedMs: number | null = null
  #isLooking = false
  #wallMs: number | null = null
  #clockJumps = 0
  #memoryLimit: number | null = null
  #files: { readonly used: number; readonly limit: number } | null = null
  #diskFree: number | null = null

  constructor(options: MachineWatchOptions) {
    this.#options = options
  }

  get status(): MachineStatus {
    const { used = null, limit = null } = this.#files ?? {}
    return {
      memoryLimitBytes: this.#memoryLimit,
      openFiles: used,
      openFilesLimit: Number.isFinite(limit) ? limit : null,
      diskFreeBytes: this.#diskFree,
      clockJumps: this.#clockJumps,
      alarms: MACHINE_ALARMS.filter((alarm) => this.#alarms.has(alarm)),
    }
  }

  /** Looks at the clock, and at the others when that is due; call it every second. */
  tick(): void {
    const { clock, readers } = this.#options
    const now = readers.monotonicMs()
    this.#lookAtClock(nowMs(clock) - now)
    const isDue = this.#lookedMs === null || now - this.#lookedMs >= LOOK_EVERY_MS
    if (!isDue || this.#isLooking) return
    this.#lookedMs = now
    void this.look()
  }

  /** Looks at memory, files and disk; never rejects. */
  async look(): Promise<void> {
    this.#isLooking = true
    this.#lookAtMemory()
    await this.#lookAtFiles()
    await this.#lookAtDisk()
    this.#isLooking = false
  }

  #lookAtClock(wallMs: number): void {
    const jumpMs = this.#wallMs === null ? 0 : wallMs - this.#wallMs
    this.#wallMs = wallMs
    if (Math.abs(jumpMs) <= JUMP_MS) return
    this.#clockJumps += 1
    const way = jumpMs < 0 ? 'back' : 'ahead'
    const text = `this machine's clock went ${durationText(Math.abs(jumpMs))} ${way}: it was set, or the machine slept`
    this.#options.log.warn({ code: 'CLOCK_JUMPED', jumpMs: Math.round(jumpMs) }, text)
  }

  #lookAtMemory(): void {
    try {
      const { readers } = this.#options
      const [memory, heap] = [readers.memory(), readers.heap()]
      this.#memoryLimit = memory.limit
      const isHigh = isAbove(memory, MEMORY_SHARE) || isAbove(heap, MEMORY_SHARE)
      const facts = {
        usedMib: Math.round(memory.used / MIB),
        limitMib: Math.round(memory.limit / MIB),
        heapMib: Math.round(heap.used / MIB),
        heapLimitMib: Math.round(heap.limit / MIB),
      }
      this.#tell('MEMORY_HIGH', isHigh, facts, 'memory is nearly used up')
    } catch {
      this.#memoryLimit = null
    }
  }

  async #lookAtFiles(): Promise<void> {
    try {
      const files = await this.#options.readers.files()
      this.#files = files
      const { limit, used: open } = files
      this.#tell('FILES_LOW', isAbove(files, FILES_SHARE), { open, limit }, FILES_TEXT)
    } catch (error) {
      this.#files = null
      const { code } = error as { readonly code?: unknown }
      // None was left to count them with.
      if (code === 'EMFILE' || code === 'ENFILE')
        this.#tell('FILES_LOW', true, { code }, FILES_TEXT)
    }
  }

  async #lookAtDisk(): Promise<void> {
    try {
      const free = await this.#options.readers.diskFree()
      this.#diskFree = free
      const facts = { freeMib: Math.round(free / MIB) }
      this.#tell(
        'DISK_LOW',
        free < LEAST_DISK_BYTES,
        facts,
        'the disk of EVENTSAVER_DATA_DIR is nearly full',
      )
    } catch {
      this.#diskFree = null
    }
  }

  #tell(code: MachineAlarm, isOn: boolean, facts: object, text: string): void {
    if (isOn === this.#alarms.has(code)) return
    if (isOn) {
      this.#alarms.add(code)
      this.#options.log.warn({ ...facts, code }, text)
    } else {
      this.#alarms.delete(code)
      this.#options.log.info({ ...facts, code }, `no longer: ${text}`)
    }
  }
}

const FILES_TEXT = 'file descriptors are nearly used up: raise the limit (ulimit -n, LimitNOFILE)'

function isAbove(
  { used, limit }: { readonly used: number; readonly limit: number },
  share: number,
): boolean {
  return limit > 0 && used > limit * share
}
