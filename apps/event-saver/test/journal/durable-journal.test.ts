import { stat } from 'node:fs/promises'
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
    for (const file of ['lock', 'journal-id', '000000000001.log'])
      expect(await modes(file)).toBe('600')
    await journal.close()
  })

  it('is opened by one process at a time', async () => {
    const directory = await journalDirectory()
    const { journal } = open(directory)
    expect(() => open(directory)).toThrow(expect.objectContaining({ code: 'JOURNAL_LOCKED' }))
    await journal.close()
    await open(directory).journal.close()
  })
})
