import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { firstPositionOf, segmentOf } from '../../src/journal/format/position.ts'
import {
  appendFrames,
  frameNumbers,
  frameOf,
  journalDirectory,
  LINEAR,
  open,
  range,
  readAll,
} from './support/journals.ts'

describe('openJournal', () => {
  it('knows where others ended; once it is known to be too old, however many follow', async () => {
    const directory = await journalDirectory()
    const lives = async (count: number, isTooOld: boolean) => {
      const ends: number[] = []
      for (let life = 0; life < count; life++) {
        const { journal } = open(directory)
        ends.push(segmentOf(journal.lastOfOthers))
        journal.markTooOld(isTooOld)
        await journal.close()
      }
      return ends
    }
    expect(await lives(3, false)).toEqual([0, 1, 2])
    expect(await lives(3, true)).toEqual([3, 3, 3])
    expect(await lives(2, false)).toEqual([3, 7])
  })

  it('gives what was appended, in order and once, before and after a restart', async () => {
    const directory = await journalDirectory()
    const first = open(directory, { segmentBytes: 200_000 })
    const connection = first.journal.connect(LINEAR)
    await appendFrames(first.journal, connection, 0, 5000)
    first.journal.note({ type: 'stop' })
    const live = await readAll(first.journal.reader(0))
    expect(frameNumbers(live)).toEqual(range(0, 5000))
    expect(live.slice(0, 2)).toMatchObject([
      { kind: 'boot', environment: 'simulated' },
      { kind: 'opened', connection, origin: LINEAR },
    ])
    expect(await first.journal.close()).toBe(first.journal.position)

    const second = open(directory)
    expect(second.journal.id).toBe(first.journal.id)
    expect(second.journal.firstOfProcess).toBeGreaterThan(first.journal.position)
    expect(segmentOf(second.journal.position)).toBeGreaterThan(2)
    await appendFrames(second.journal, second.journal.connect(LINEAR), 5000, 5100)
    const items = await readAll(second.journal.reader(0))
    expect(frameNumbers(items)).toEqual(range(0, 5100))
    expect(items.filter(({ kind }) => kind === 'hole')).toEqual([])
    const positions = items.map(({ position }) => position)
    expect(positions).toEqual(positions.toSorted((a, b) => a - b))
    expect(new Set(positions).size).toBe(positions.length)
    await second.journal.close()
    expect([...first.faults, ...second.faults]).toEqual([])
  })

  it('reads from any position, with the segment before it as state', async () => {
    const directory = await journalDirectory()
    const { journal } = open(directory, { segmentBytes: 100_000 })
    const connection = journal.connect(LINEAR)
    const positions = []
    for (let index = 0; index < 2000; index++) {
      positions.push(await appendFrames(journal, connection, index, index + 1))
      if (index % 100 === 0) await journal.flush()
    }
    for (const index of [0, 1, 500, 777, 1500, 1998, 1999]) {
      const from = positions[index] ?? 0
      const items = await readAll(journal.reader(from))
      const isNew = items.filter((item) => !item.isState)
      expect(frameNumbers(isNew)).toEqual(range(index + 1, 2000))
      const state = items.filter((item) => item.isState)
      expect(state.every((item) => item.position <= from)).toBe(true)
      expect(state[0]?.kind).toBe(segmentOf(from) === 1 ? 'boot' : 'checkpoint')
      expect(state[0]?.position).toBe(firstPositionOf(segmentOf(from)) + 1)
    }
    await journal.close()
  })

  it('hands over to live feeding in one step, while frames are appended', async () => {
    const directory = await journalDirectory()
    const { journal } = open(directory, { segmentBytes: 500_000, blockDelayMs: 1 })
    const connection = journal.connect(LINEAR)
    await appendFrames(journal, connection, 0, 3000)
    const seen: number[] = []
    let isLive = false
    const appending = (async () => {
      for (let index = 3000; index < 20_000; index++) {
        journal.append(connection, frameOf(index))
        if (isLive) seen.push(index)
        if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    const reader = journal.reader(0)
    while (!isLive) {
      seen.push(...frameNumbers(await reader.next()))
      isLive = reader.isAtTail
    }
    const read = seen.length
    await appending
    expect(seen).toEqual(range(0, 20_000))
    expect(read).toBeLessThan(20_000)
    await reader.close()
    await journal.close()
  })

  it('keeps its files for this user alone', async () => {
    const directory = join(await journalDirectory(), 'journal')
    const { journal } = open(directory)
    await journal.flush()
    const modes = async (file: string) =>
      ((await stat(join(directory, file))).mode & 0o777).toString(8)
    expect(await modes('.')).toBe('700')
    for (const file of ['lock', 'journal-id', 'environment', '000000000001.log'])
      expect(await modes(file)).toBe('600')
    await journal.close()
  })

  it('of another environment is not opened, nor written, so that its own goes on', async () => {
    const directory = await journalDirectory()
    const first = open(directory).journal
    first.append(first.connect(LINEAR), frameOf(0))
    await first.close()
    const before = await readdir(directory)
    for (let i = 0; i < 2; i++) {
      expect(() => open(directory, { environment: 'mainnet' })).toThrow(
        expect.objectContaining({ code: 'JOURNAL_OF_OTHERS', retryable: false }),
      )
    }
    expect(await readdir(directory)).toEqual(before)
    const again = open(directory).journal
    expect(frameNumbers(await readAll(again.reader(0)))).toEqual([0])
    await again.close()
  })

  it('is opened by one process at a time', async () => {
    const directory = await journalDirectory()
    const { journal } = open(directory)
    expect(() => open(directory)).toThrow(expect.objectContaining({ code: 'JOURNAL_LOCKED' }))
    await journal.close()
    await open(directory).journal.close()
  })
})

describe('a checkpoint', () => {
  it('stands at the head of each segment, with the open connections, after the last record before it', async () => {
    const directory = await journalDirectory()
    const { journal, faults } = open(directory, {
      segmentBytes: 60_000,
      checkpoint: () => [
        { connection: 0, state: { ledger: 'open' } },
        { connection: first, state: { seen: last } },
        { connection: 999, state: 'of no connection that is open' },
      ],
    })
    const first = journal.connect(LINEAR)
    const silent = journal.connect({ ...LINEAR, connection: 2, predecessor: first })
    const closed = journal.connect({ ...LINEAR, connection: 3 })
    journal.note({ type: 'closed', connection: closed, cause: 'test' })
    let last = -1
    const positions: number[] = []
    while (segmentOf(journal.position) < 4) {
      last += 1
      positions.push(await appendFrames(journal, first, last, last + 1))
      if (last % 50 === 0) await journal.flush()
    }
    const items = await readAll(journal.reader(0))
    for (const segment of [2, 3, 4]) {
      const head = items.filter(({ position }) => segmentOf(position) === segment).slice(0, 3)
      const before = items.findLast(
        (item) => item.kind === 'frame' && segmentOf(item.position) < segment,
      )
      expect(head).toMatchObject([
        { kind: 'checkpoint', connection: 0, origin: null, state: { ledger: 'open' } },
        {
          kind: 'checkpoint',
          connection: first,
          origin: LINEAR,
          state: { seen: positions.indexOf(before?.position ?? 0) },
        },
        { kind: 'checkpoint', connection: silent, state: null },
      ])
    }
    await journal.close()
    expect(faults).toEqual([])
  })

  it('that cannot be made is said, and the segment begins without it', async () => {
    const directory = await journalDirectory()
    const { journal, faults } = open(directory, {
      segmentBytes: 30_000,
      checkpoint: () => {
        throw new Error('planted')
      },
    })
    const connection = journal.connect(LINEAR)
    let frames = 0
    for (; segmentOf(journal.position) < 2; frames += 50) {
      await appendFrames(journal, connection, frames, frames + 50)
      await journal.flush()
    }
    const items = await readAll(journal.reader(2 ** 25))
    expect(items[0]).toMatchObject({ kind: 'checkpoint', connection, origin: LINEAR, state: null })
    expect(frameNumbers(await readAll(journal.reader(0)))).toEqual(range(0, frames))
    await journal.close()
    expect(faults).toMatchObject([{ code: 'JOURNAL_DEFECT', severity: 'error' }])
  })
})

describe('a position', () => {
  it('beyond the end reads everything of this process, and is said', async () => {
    const directory = await journalDirectory()
    const { journal, faults } = open(directory)
    await appendFrames(journal, journal.connect(LINEAR), 0, 10)
    const items = await readAll(journal.reader(journal.position + 1))
    expect(frameNumbers(items.filter(({ isState }) => !isState))).toEqual(range(0, 10))
    await journal.close()
    expect(faults).toMatchObject([{ code: 'JOURNAL_DEFECT' }])
  })

  it('is given for what comes after the close, which is not in the journal', async () => {
    const directory = await journalDirectory()
    const { journal } = open(directory)
    const connection = journal.connect(LINEAR)
    await appendFrames(journal, connection, 0, 10)
    await journal.close()
    expect(journal.append(connection, frameOf(10))).toBe(journal.position)
    expect(journal.state).toBe('closed')
    expect(journal.counts.unwritten).toBe(1)
    const next = open(directory)
    expect(next.journal.firstOfProcess).toBeGreaterThan(journal.position)
    expect(frameNumbers(await readAll(next.journal.reader(0)))).toEqual(range(0, 10))
    await next.journal.close()
  })

  it("of a journal whose segments are gone is another journal's", async () => {
    const directory = await journalDirectory()
    const first = open(directory).journal
    await first.close()
    await rm(join(directory, '000000000001.log'))
    const second = open(directory).journal
    expect(second.id).not.toBe(first.id)
    await second.close()
  })
})
