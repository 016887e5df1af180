import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { OutageKind } from './outage-kind.ts'

const SIZE = '3g'
const CHUNK = Buffer.alloc(64 * 1024, 1)
const REFILL_MS = 200

/** The disk under the server is full, data and log, and has room again. */
export const fullDisk: OutageKind = {
  name: 'full-disk',
  title: 'the disk under PostgreSQL full',
  async serverParent(cleanUp) {
    const disk = mkdtempSync(join(tmpdir(), 'grid-soak-disk-'))
    const { status } = spawnSync('mount', [
      '-t',
      'tmpfs',
      '-o',
      `size=${SIZE},mode=755`,
      'tmpfs',
      disk,
    ])
    if (status !== 0) {
      rmSync(disk, { recursive: true })
      return null
    }
    cleanUp.defer(() => {
      spawnSync('umount', ['-l', disk])
      rmSync(disk, { recursive: true })
    })
    return disk
  },
  async run({ postgres }, { forMs, wait }) {
    const file = join(postgres.home, 'filler')
    const filling = new AbortController()
    const filled = fill(file, filling.signal)
    await wait(forMs)
    filling.abort()
    await filled
    await rm(file)
    // It ends by itself where it cannot even write what it needs for its recovery.
    await postgres.start()
  },
}

/** Takes all room, also what becomes free meanwhile. */
async function fill(file: string, signal: AbortSignal): Promise<void> {
  const handle = openSync(file, 'w')
  try {
    while (!signal.aborted) {
      while (statfsSync(file).bavail > 0 && writeAll(handle)) if (signal.aborted) return
      await pause(REFILL_MS)
    }
  } finally {
    closeSync(handle)
  }
}

/** Whether the disk took a chunk. */
function writeAll(handle: number): boolean {
  try {
    return writeSync(handle, CHUNK) > 0
  } catch {
    return false
  }
}
