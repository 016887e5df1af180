import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { readSegments } from '../../src/journal/read-segments.ts'
import { FaultyFiles, failure } from './support/faulty-files.ts'
import {
  appendFrames,
  frameNumbers,
  journalDirectory,
  LINEAR,
  type Opened,
  open,
  range,
  readAll,
} from './support/journals.ts'

async function openOn(
  files: FaultyFiles,
  options: Parameters<typeof open>[1] = {},
): Promise<Opened & { directory: string; connection: number }> {
  const directory = await journalDirectory()
  const opened = open(directory, { blockDelayMs: 1, syncIntervalMs: 5, ...options }, files)
  return { ...opened, directory, connection: opened.journal.connect(LINEAR) }
}

const codesOf = ({ faults }: Opened) => faults.map(({ code }) => code)

describe('a failing disk', () => {
  it.each(['sync', 'write'] as const)(
    'a %s that fails ends the file, and nothing is lost or doubled',
    async (what) => {
      const files = new FaultyFiles()
      const opened = await openOn(files, { segmentBytes: 400_000 })
      const { journal, connection, directory } = opened
      let calls = 0
      const fails = () => {
        calls += 1
        if (calls % 7 === 3) throw failure('EIO')
      }
      if (what === 'sync') files.disk.sync = fails
      else {
        files.disk.write = (bytes) => {
          fails()
          return bytes
        }
      }
      for (let from = 0; from < 4000; from += 200) {
        await appendFrames(journal, connection, from, from + 200)
        await journal.flush()
      }
      files.disk.sync = () => {}
      files.disk.write = (bytes) => bytes
      const live = await readAll(journal.reader(0))
      await vi.waitFor(() => expect(journal.state).toBe('running'), 20_000)
      await journal.flush()
      expect(await journal.close()).toBe(journal.position)
      expect(codesOf(opened)).toContain('JOURNAL_SEGMENT_ENDED')
      expect(frameNumbers(live)).toEqual(range(0, 4000))
      const items = await readAll(readSegments({ directory }))
      expect(frameNumbers(items)).toEqual(range(0, 4000))
      expect(items.filter(({ kind }) => kind === 'hole')).toEqual([])
      expect(journal.counts.unwritten).toBe(0)
      expect(files.usedAfterFailure).toEqual([])
    },
  )

  it('writes and syncs one at a time, in order, however slow the disk is', async () => {
    const files = new FaultyFiles()
    let calls = 0
    files.disk.write = async (bytes) => {
      calls += 1
      await pause((calls * 7) % 11)
      return bytes
    }
    files.disk.sync = () => pause(3)
    const { journal, connection, directory } = await openOn(files, { segmentBytes: 300_000 })
    let frames = 0
    for (; calls < 20; frames += 100) {
      await appendFrames(journal, connection, frames, frames + 100)
      await pause(2)
    }
    await journal.close()
    expect(frameNumbers(await readAll(readSegments({ directory })))).toEqual(range(0, frames))
    expect(files.most).toEqual({ writes: 1, syncs: 1 })
  })

  it('that is full for a while costs nothing as long as memory holds what came', async () => {
    const files = new FaultyFiles()
    const opened = await openOn(files)
    const { journal, connection, directory } = opened
    await appendFrames(journal, connection, 0, 500)
    await journal.flush()
    // A full disk takes a part of a write, then nothing.
    files.disk.write = (bytes) => Math.floor(bytes / 2)
    await appendFrames(journal, connection, 500, 1000)
    await vi.waitFor(() => expect(journal.state).toBe('stalled'))
    expect(journal.accepts('private')).toBe(true)
    expect(journal.accepts('market')).toBe(false)
    expect(await journal.flush()).toBeLessThan(journal.position)
    await appendFrames(journal, connection, 1000, 1500)
    expect(frameNumbers(await readAll(journal.reader(0)))).toEqual(range(0, 1500))
    files.disk.write = (bytes) => bytes
    await vi.waitFor(() => expect(journal.state).toBe('running'), 20_000)
    await appendFrames(journal, connection, 1500, 1600)
    await vi.waitFor(() => expect(journal.accepts('expendable')).toBe(true), 20_000)
    await journal.close()
    const items = await readAll(readSegments({ directory }))
    expect(frameNumbers(items)).toEqual(range(0, 1600))
    expect(items.filter(({ kind }) => kind === 'hole')).toEqual([])
    expect(codesOf(opened)).toEqual(
      expect.arrayContaining([
        'JOURNAL_FULL',
        'JOURNAL_STALLED',
        'JOURNAL_RESUMED',
        'JOURNAL_ROOM',
      ]),
    )
    expect(codesOf(opened).filter((code) => code === 'JOURNAL_STALLED')).toHaveLength(1)
  })

  it('that takes nothing for long makes a hole of what memory does not hold, and says which', async () => {
    const files = new FaultyFiles()
    const opened = await openOn(files, { queueBytes: 200_000 })
    const { journal, connection, directory } = opened
    await journal.flush()
    const { promise, resolve } = Promise.withResolvers<void>()
    files.disk.sync = () => promise
    await appendFrames(journal, connection, 0, 3000)
    expect(journal.state).toBe('stalled')
    const { unwritten } = journal.counts
    expect(unwritten).toBeGreaterThan(1000)
    files.disk.sync = () => {}
    resolve()
    await vi.waitFor(() => expect(journal.durable).toBeGreaterThan(journal.firstOfProcess + 2))
    await journal.flush()
    await appendFrames(journal, connection, 3000, 3100)
    expect(journal.state).toBe('running')
    const live = await readAll(journal.reader(0))
    await journal.close()
    for (const items of [live, await readAll(readSegments({ directory }))]) {
      const numbers = frameNumbers(items)
      expect(numbers).toEqual([...range(0, 3000 - unwritten), ...range(3000, 3100)])
      const holes = items.flatMap((item) => (item.kind === 'hole' ? [item] : []))
      expect(holes).toMatchObject([{ cause: 'stalled' }])
      const [hole] = holes
      expect((hole?.position ?? 0) - (hole?.from ?? 0) + 1).toBe(unwritten)
    }
    expect(codesOf(opened)).toEqual(['JOURNAL_STALLED', 'JOURNAL_RESUMED'])
  })

  it('on which no new segment can be made lets the present one grow', async () => {
    const files = new FaultyFiles()
    const opened = await openOn(files, { segmentBytes: 50_000 })
    const { journal, connection, directory } = opened
    files.disk.create = () => {
      throw failure('EMFILE')
    }
    await appendFrames(journal, connection, 0, 1000)
    await journal.flush()
    await appendFrames(journal, connection, 1000, 1500)
    expect(journal.state).toBe('running')
    await journal.close()
    expect(codesOf(opened)).toEqual(['JOURNAL_NOT_ROLLED'])
    expect(frameNumbers(await readAll(readSegments({ directory })))).toEqual(range(0, 1500))
  })

  it('that fails at the start is said, and whether it may pass', async () => {
    const files = new FaultyFiles()
    const directory = await journalDirectory()
    for (const { reason, code, retryable } of [
      { reason: 'EROFS', code: 'JOURNAL_UNUSABLE', retryable: false },
      { reason: 'ENOSPC', code: 'JOURNAL_NO_ROOM', retryable: true },
      { reason: 'EMFILE', code: 'JOURNAL_NO_ROOM', retryable: true },
    ]) {
      files.disk.create = () => {
        throw failure(reason)
      }
      expect(() => open(directory, {}, files)).toThrow(expect.objectContaining({ code, retryable }))
    }
    // The lock was given back.
    await open(directory).journal.close()
  })
})
