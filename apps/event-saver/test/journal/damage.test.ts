import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { logName, segmentPath } from '../../src/journal/files/file-names.ts'
import type { JournalItem } from '../../src/journal/format/items.ts'
import { packSegment } from '../../src/journal/keeping/pack-segment.ts'
import { readSegments } from '../../src/journal/read-segments.ts'
import {
  appendFrames,
  frameNumbers,
  journalDirectory,
  LINEAR,
  open,
  range,
  readAll,
} from './support/journals.ts'
import { randomOf } from './support/random.ts'

const FRAMES = 1200
const ATTACKS = 40
/** The most frames that a block, or a chunk, of these tests holds. */
const BLOCK_FRAMES = 60

interface Written {
  readonly directory: string
  /** Positions of the frames by number. */
  readonly positions: readonly number[]
  readonly files: readonly string[]
}

/** Two processes' segments, raw or packed. */
async function write(form: 'log' | 'zst'): Promise<Written> {
  const directory = await journalDirectory()
  const positions: number[] = []
  for (const first of [0, FRAMES / 2]) {
    const { journal } = open(directory, { segmentBytes: 100_000 })
    const connection = journal.connect(LINEAR)
    for (let index = first; index < first + FRAMES / 2; index++) {
      positions.push(await appendFrames(journal, connection, index, index + 1))
      if (index % BLOCK_FRAMES === 0) await journal.flush()
    }
    await journal.close()
  }
  const logs = (await readdir(directory)).filter((file) => file.endsWith('.log')).sort()
  if (form === 'log') return { directory, positions, files: logs }
  const packed = await journalDirectory()
  const files = logs.map((file) => file.replace('.log', '.zst'))
  for (const [i, file] of files.entries()) {
    await packSegment(join(directory, logs[i] ?? ''), join(packed, file), async () => true)
  }
  return { directory: packed, positions, files }
}

type Attack = (bytes: Buffer, random: () => number) => Buffer

const ATTACK: Readonly<Record<string, Attack>> = {
  'one bit': (bytes, random) => {
    const at = Math.floor(random() * bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8))
    return bytes
  },
  zeros: (bytes, random) => {
    const at = Math.floor(random() * bytes.length)
    return bytes.fill(0, at, Math.min(bytes.length, at + 512))
  },
  noise: (bytes, random) => {
    const at = Math.floor(random() * bytes.length)
    for (let i = at; i < Math.min(bytes.length, at + 3000); i++) bytes[i] = random() * 256
    return bytes
  },
  'a cut': (bytes, random) => bytes.subarray(0, Math.floor(random() * bytes.length)),
  'a piece twice': (bytes, random) => {
    const at = Math.floor(random() * bytes.length)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.floor(random() * at))])
  },
  'garbage behind': (bytes, random) =>
    Buffer.concat([bytes, Buffer.from(range(0, 5000).map(() => random() * 256))]),
}

/** Whether a position lies in a hole that was told, or behind the last record before a process began. */
function isTold(position: number, items: readonly JournalItem[]): boolean {
  const next = items.find((item) => item.position > position && item.kind !== 'hole')
  return (
    next === undefined ||
    next.kind === 'boot' ||
    items.some((item) => item.kind === 'hole' && item.from <= position && position <= item.position)
  )
}

describe.each(['log', 'zst'] as const)('a damaged segment (%s)', (form) => {
  it.each(Object.keys(ATTACK))('%s costs what it hit, and is told', async (name) => {
    const { directory, positions, files } = await write(form)
    const random = randomOf(name.length)
    expect(frameNumbers(await readAll(readSegments({ directory })))).toEqual(range(0, FRAMES))
    let told = 0
    for (let attack = 0; attack < ATTACKS; attack++) {
      const file = files[Math.floor(random() * files.length)] ?? ''
      const whole = await readFile(join(directory, file))
      await writeFile(join(directory, file), ATTACK[name]?.(Buffer.from(whole), random) ?? whole)
      const items = await readAll(readSegments({ directory }))
      await writeFile(join(directory, file), whole)

      const numbers = frameNumbers(items)
      const seen = new Set(numbers)
      expect(numbers, `attack ${attack}`).toEqual([...seen].sort((a, b) => a - b))
      const lost = range(0, FRAMES).filter((number) => !seen.has(number))
      const untold = lost.filter((number) => !isTold(positions[number] ?? 0, items))
      expect(untold, `attack ${attack} on ${file}`).toEqual([])
      if (form === 'log' && name === 'one bit')
        expect(lost.length).toBeLessThanOrEqual(BLOCK_FRAMES)
      if (name === 'garbage behind') expect(lost).toEqual([])
      if (lost.length > 0) told += 1
    }
    if (name !== 'garbage behind' && name !== 'a piece twice')
      expect(told).toBeGreaterThan(ATTACKS / 3)
  })
})

describe('a damaged segment', () => {
  it('is set aside, counted and said once, and its holes have times', async () => {
    const { directory, positions } = await write('log')
    const path = segmentPath(directory, logName(1))
    const bytes = await readFile(path)
    bytes[50_000] = (bytes[50_000] ?? 0) ^ 1
    await writeFile(path, bytes)
    const { journal, faults } = open(directory)
    const items = await readAll(journal.reader(0))
    const [hole, ...others] = items.filter((item) => item.kind === 'hole')
    expect(others).toEqual([])
    const first = positions.findIndex((position) => position >= (hole?.from ?? 0))
    expect(hole).toMatchObject({
      cause: 'corrupt',
      lastGoodUs: 1_760_000_000_000_000 + (first - 1) * 10,
    })
    const last = positions.findLastIndex((position) => position <= (hole?.position ?? 0))
    expect(hole?.localTsUs).toBe(1_760_000_000_000_000 + (last + 1) * 10)
    expect(journal.counts.corruptBlocks).toBe(1)
    await readAll(journal.reader(0))
    await journal.close()
    expect(faults.map(({ code }) => code)).toEqual(['JOURNAL_CORRUPT'])
    expect(await readFile(join(directory, 'set-aside', '000000000001.log'))).toEqual(bytes)
  })

  it('in a file that cannot be read is a hole up to the next file', async () => {
    const { directory, files } = await write('log')
    const path = join(directory, files[1] ?? '')
    // A folder in its place: reading it fails for everybody, root included.
    await rm(path)
    await mkdir(path)
    const faults: unknown[] = []
    const items = await readAll(
      readSegments({ directory, onDamage: (_, cause) => faults.push(cause) }),
    )
    expect(items.filter((item) => item.kind === 'hole')).toMatchObject([{ cause: 'unreadable' }])
    expect(faults).toMatchObject([{ code: 'EISDIR' }])
  })
})
