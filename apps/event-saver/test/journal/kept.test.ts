import { execFile, spawnSync } from 'node:child_process'
import { copyFile, readdir, readFile, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import type { JournalOptions } from '../../src/journal/durable-journal.ts'
import { segmentOf } from '../../src/journal/format/position.ts'
import { packSegment } from '../../src/journal/keeping/pack-segment.ts'
import { readSegments } from '../../src/journal/read-segments.ts'
import { SteppedClock } from '../support/stepped-clock.ts'
import { FaultyFiles } from './support/faulty-files.ts'
import {
  appendFrames,
  frameNumbers,
  journalDirectory,
  LINEAR,
  open,
  range,
  readAll,
} from './support/journals.ts'

/** Skipped where the program is not installed. */
const HAS_ZSTD = spawnSync('zstd', ['--version']).status === 0

const segmentsIn = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter((file) => /^\d+\.(log|zst)$/.test(file)).sort()

/** A journal with at least `count` segments, all durable. */
async function withSegments(
  directory: string,
  count: number,
  options: Partial<JournalOptions>,
  files?: FaultyFiles,
) {
  const opened = open(directory, { segmentBytes: 50_000, blockDelayMs: 1, ...options }, files)
  const connection = opened.journal.connect(LINEAR)
  let frames = 0
  while (segmentOf(opened.journal.position) < count) {
    await appendFrames(opened.journal, connection, frames, frames + 100)
    frames += 100
    await opened.journal.flush()
  }
  return { ...opened, connection, frames }
}

describe('a released segment', () => {
  it('goes once everything in it was committed, but never the newest', async () => {
    const directory = await journalDirectory()
    const { journal, frames, connection } = await withSegments(directory, 4, { retentionMs: 0 })
    await vi.waitFor(async () => expect(journal.bytes).toBeGreaterThan(100_000), 20_000)
    const firstOfThird = 3 * 2 ** 24
    journal.release(firstOfThird)
    await vi.waitFor(() => expect(journal.oldest).toBe(firstOfThird), 20_000)
    expect((await segmentsIn(directory))[0]).toBe('000000000003.log')
    const left = frameNumbers(await readAll(journal.reader(0)))
    expect(left).toEqual(range(left[0] ?? 0, frames))
    const [hole] = await readAll(journal.reader(2 ** 24 + 5))
    expect(hole).toMatchObject({ kind: 'hole', cause: 'missing', from: 2 ** 24 + 6 })

    journal.release(journal.position)
    expect(journal.bytes).toBe(0)
    const newest = segmentOf(journal.position)
    await vi.waitFor(() => expect(segmentOf(journal.oldest)).toBe(newest), 20_000)
    await appendFrames(journal, connection, frames, frames + 10)
    expect(journal.bytes).toBeGreaterThan(0)
    await journal.close()
    expect(await segmentsIn(directory)).toHaveLength(1)
  })

  it('stays for the retention, and in the next process that begins anew', async () => {
    const directory = await journalDirectory()
    const clock = new SteppedClock()
    const opened = open(directory, { clock, retentionMs: 60_000, segmentBytes: 50_000 })
    const { journal } = opened
    const connection = journal.connect(LINEAR)
    // Time and the disk go on by turns: what is asked of the disk takes turns of its own.
    const step = async (ms: number) => {
      await clock.step(ms)
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    for (let from = 0; from < 1000; from += 100) {
      await appendFrames(journal, connection, from, from + 100)
      await journal.flush()
      await step(100)
    }
    const before = await segmentsIn(directory)
    expect(before.length).toBeGreaterThan(3)
    journal.release(journal.position)
    for (let second = 0; second < 55; second++) await step(1000)
    expect(await segmentsIn(directory)).toEqual(before)
    for (let second = 0; second < 10; second++) await step(1000)
    expect(await segmentsIn(directory)).toEqual(before.slice(-1))
    await journal.close()
  })

  it('goes before its time when the bound is near; what is not released stays, and the newest is refused', async () => {
    const directory = await journalDirectory()
    const maxBytes = 1_000_000
    const { journal, faults, connection, frames } = await withSegments(directory, 3, { maxBytes })
    journal.release(2 * 2 ** 24)
    let next = frames
    const fill = async (frames: number, until: () => boolean) => {
      while (!until()) {
        await appendFrames(journal, connection, next, next + frames)
        next += frames
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    await fill(100, () => journal.totalBytes > 0.75 * maxBytes)
    // A tenth of the bound takes longer than a round of the keeper.
    await fill(8, () => !journal.accepts('expendable'))
    expect(journal.accepts('market')).toBe(true)
    expect(segmentOf(journal.oldest)).toBe(2)
    await fill(8, () => !journal.accepts('market'))
    expect(journal.accepts('private')).toBe(true)
    expect(segmentOf(journal.oldest)).toBe(2)
    journal.release(journal.position)
    await vi.waitFor(() => expect(journal.accepts('expendable')).toBe(true), 20_000)
    await vi.waitFor(() => expect(journal.totalBytes).toBeLessThan(maxBytes), 20_000)
    await journal.close()
    const codes = faults.map(({ code }) => code)
    expect(codes).toEqual(['JOURNAL_FULL', 'JOURNAL_FULL', 'JOURNAL_ROOM'])
  })

  it('is judged by what the disk has free, too', async () => {
    const files = new FaultyFiles()
    let free = 10_000_000
    files.disk.room = () => ({ free, size: 20_000_000 })
    const directory = await journalDirectory()
    const options = { minFreeBytes: 1_000_000, retentionMs: 3_600_000 }
    const { journal } = await withSegments(directory, 3, options, files)
    journal.release(2 * 2 ** 24)
    free = 1_900_000
    await vi.waitFor(() => expect(segmentOf(journal.oldest)).toBe(2), 20_000)
    expect(journal.accepts('expendable')).toBe(true)
    free = 1_400_000
    await vi.waitFor(() => expect(journal.accepts('expendable')).toBe(false), 20_000)
    expect(journal.accepts('market')).toBe(true)
    free = 900_000
    await vi.waitFor(() => expect(journal.accepts('market')).toBe(false), 20_000)
    free = 1_900_000
    await vi.waitFor(() => expect(journal.accepts('market')).toBe(true), 20_000).catch(() => {})
    free = 2_100_000
    await vi.waitFor(() => expect(journal.accepts('expendable')).toBe(true), 20_000)
    await journal.close()
  })
})

describe('a packed segment', () => {
  it('reads the same, is smaller, and is what zstd makes of the raw one', async () => {
    const directory = await journalDirectory()
    const { journal, frames, faults } = await withSegments(directory, 4, { packs: true })
    await vi.waitFor(async () => {
      const files = await segmentsIn(directory)
      expect(files.filter((file) => file.endsWith('.zst')).length).toBeGreaterThan(2)
    }, 30_000)
    expect(frameNumbers(await readAll(journal.reader(0)))).toEqual(range(0, frames))
    await journal.close()
    expect(faults).toEqual([])
    const { mode } = await stat(join(directory, '000000000001.zst'))
    expect((mode & 0o777).toString(8)).toBe('600')
  })

  it.skipIf(!HAS_ZSTD)('gives the raw segment to zstd -d', async () => {
    const directory = await journalDirectory()
    const { journal } = await withSegments(directory, 2, { segmentBytes: 3_000_000 })
    await journal.close()
    const raw = join(directory, '000000000001.log')
    const packed = join(directory, '000000000001.zst')
    const bytes = await packSegment(raw, packed, async () => true)
    expect((await stat(packed)).size).toBe(bytes)
    const { stdout } = await promisify(execFile)('zstd', ['-dcq', packed], {
      encoding: 'buffer',
      maxBuffer: 2 ** 26,
    })
    expect(stdout.equals(await readFile(raw))).toBe(true)
    expect(bytes).toBeLessThan((await stat(raw)).size / 3)
  })

  it('is kept as archive, outside of what is held, and read when the database goes back', async () => {
    const directory = await journalDirectory()
    const options = { packs: true, keepsArchive: true, retentionMs: 0 }
    const { journal, frames } = await withSegments(directory, 4, options)
    journal.release(journal.position)
    const newest = segmentOf(journal.position)
    await vi.waitFor(() => expect(segmentOf(journal.oldest)).toBe(newest), 30_000)
    expect((await readdir(join(directory, 'archive'))).length).toBeGreaterThan(2)
    const again = await readAll(journal.reader(2 ** 24 + 10))
    expect(frameNumbers(again.filter(({ isState }) => !isState)).at(-1)).toBe(frames - 1)
    expect(again.filter(({ kind }) => kind === 'hole')).toEqual([])
    expect(segmentOf((await readAll(journal.reader(0)))[0]?.position ?? 0)).toBe(newest)
    await journal.close()
    expect(frameNumbers(await readAll(readSegments({ directory })))).toEqual(range(0, frames))
  })

  it.each(['whole', 'cut off'])(
    'beside the raw one that is %s leaves one of them',
    async (state) => {
      const directory = await journalDirectory()
      const { journal, frames } = await withSegments(directory, 3, {})
      await journal.close()
      const raw = join(directory, '000000000001.log')
      const packed = join(directory, '000000000001.zst')
      await packSegment(raw, packed, async () => true)
      await copyFile(packed, `${packed}.tmp`)
      if (state === 'cut off') await truncate(packed, (await stat(packed)).size - 7)
      expect(frameNumbers(await readAll(readSegments({ directory })))).toEqual(range(0, frames))
      const next = open(directory)
      const kept = state === 'whole' ? '000000000001.zst' : '000000000001.log'
      await vi.waitFor(async () => {
        const files = (await readdir(directory)).filter((file) => file.startsWith('000000000001'))
        expect(files).toEqual([kept])
      }, 20_000)
      expect(frameNumbers(await readAll(next.journal.reader(0)))).toEqual(range(0, frames))
      await next.journal.close()
    },
  )
})
