import { type ChildProcess, spawn } from 'node:child_process'
import { appendFile, truncate } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listSegments, segmentPath } from '../../src/journal/files/file-names.ts'
import { readSegments } from '../../src/journal/read-segments.ts'
import { frameNumbers, journalDirectory, open, range, readAll } from './support/journals.ts'
import { randomOf } from './support/random.ts'

const SCRIPT = new URL('support/appending-process.ts', import.meta.url).pathname

class Appending {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  durable = -1

  constructor(directory: string, from: number) {
    const args = ['--conditions=@grid/source', SCRIPT, directory, String(from)]
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const { stdout } = this.#child
    if (stdout === null) throw new Error('no stdout')
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
    onTestFinished(() => void this.#child.kill('SIGKILL'))
  }

  /** Waits until so many lines more were said. */
  async said(lines: number): Promise<void> {
    for (let i = 0; i < lines; i++) await this.#next()
  }

  /** Kills it and reads what it had said. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    while (await this.#next());
  }

  async #next(): Promise<boolean> {
    const { value, done } = await this.#lines.next()
    if (done === true) return false
    const [word, number] = String(value).split(' ')
    if (word === 'durable') this.durable = Number(number)
    return true
  }
}

describe('a journal whose process is killed', () => {
  it('gives everything that was durable, and no position twice', async () => {
    const directory = await journalDirectory()
    const random = randomOf(5)
    let next = 0
    for (let round = 0; round < 6; round++) {
      const appending = new Appending(directory, next)
      await appending.said(1 + Math.floor(random() * 30))
      await appending.kill()
      const items = await readAll(readSegments({ directory }))
      const numbers = frameNumbers(items)
      expect(numbers).toEqual(range(0, numbers.length))
      expect(numbers.length).toBeGreaterThan(appending.durable)
      const positions = items.map(({ position }) => position)
      expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b))
      next = numbers.length
    }
    expect(next).toBeGreaterThan(1000)
    const { journal, faults } = open(directory)
    expect(frameNumbers(await readAll(journal.reader(0)))).toEqual(range(0, next))
    await journal.close()
    expect(faults).toEqual([])
  })

  it('after a power cut begins behind whatever was torn off', async () => {
    const directory = await journalDirectory()
    const appending = new Appending(directory, 0)
    await appending.said(10)
    await appending.kill()
    const newest = (await listSegments(directory)).at(-1)
    if (newest === undefined) throw new Error('no segment')
    const before = await readAll(readSegments({ directory }))
    const path = segmentPath(directory, newest)
    await truncate(path, 100_000)
    await appendFile(path, Buffer.from(range(0, 10_000).map((i) => (i * 89) % 256)))
    const { journal } = open(directory)
    expect(journal.firstOfProcess).toBeGreaterThan(before.at(-1)?.position ?? 0)
    const items = await readAll(journal.reader(0))
    const numbers = frameNumbers(items)
    expect(numbers).toEqual(range(0, numbers.length))
    expect(items.filter(({ kind }) => kind === 'hole')).toEqual([])
    expect(items.at(-1)).toMatchObject({ kind: 'boot', position: journal.firstOfProcess + 1 })
    await journal.close()
  })

  it('is free for the next one, and was not while it ran', async () => {
    const directory = await journalDirectory()
    const appending = new Appending(directory, 0)
    await appending.said(1)
    expect(() => open(directory)).toThrow(
      expect.objectContaining({ code: 'JOURNAL_LOCKED', retryable: true }),
    )
    await appending.said(3)
    // Others may read meanwhile.
    const numbers = frameNumbers(await readAll(readSegments({ directory })))
    expect(numbers).toEqual(range(0, numbers.length))
    expect(numbers.length).toBeGreaterThan(0)
    await appending.kill()
    await open(directory).journal.close()
  })
})
