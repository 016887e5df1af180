import { chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { getuid } from 'node:process'
import { expect, it } from 'vitest'
import { forgetInDirectory } from '../../src/journal/forget-in-directory.ts'
import type { JournalItem } from '../../src/journal/format/items.ts'
import { readSegments } from '../../src/journal/read-segments.ts'
import { journalDirectory, LINEAR, open, readAll } from './support/journals.ts'

const ANN = '11111111-1111-5111-8111-111111111111'
const BOB = '22222222-2222-5222-8222-222222222222'
const ofAccount = (accountId: string) => ({ ...LINEAR, category: null, accountId })

/** A journal of two processes with frames of a market and of two accounts in many small segments. */
async function filled(packs: boolean): Promise<string> {
  const directory = await journalDirectory()
  for (const process of [1, 2]) {
    const { journal } = open(directory, { segmentBytes: 4000, packs })
    const [market, ann, bob] = [LINEAR, ofAccount(ANN), ofAccount(BOB)].map((origin) =>
      journal.connect(origin),
    )
    for (let n = 0; n < 300; n++) {
      for (const [connection, who] of [
        [market, 'market.BTC'],
        [ann, 'ann'],
        [bob, 'bob'],
      ] as const) {
        const text = `{"topic":"${who}","n":${process * 1000 + n},"secret of":"${who}"}`
        const localTsUs = 1_760_000_000_000_000 + n
        journal.append(connection ?? 0, { bytes: Buffer.from(text), localTsUs, index: n })
      }
      if (n % 20 === 0) {
        journal.note({ type: 'gap', gap: { accountId: n % 40 === 0 ? ANN : BOB } })
        journal.note({ type: 'binary', connection: ann ?? 0, bytes: 'c2VjcmV0' })
        await journal.flush()
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    if (packs) {
      journal.release(journal.position)
      await expect
        .poll(async () => (await readdir(directory)).filter((file) => /zst$/.test(file)).length, {
          timeout: 60_000,
        })
        .toBeGreaterThan(2)
    }
    await journal.close()
  }
  return directory
}

/** What a reader gives, a line an item, without what is not text. */
async function linesOf(directory: string): Promise<readonly string[]> {
  const items: readonly JournalItem[] = await readAll(readSegments({ directory }))
  return items.map((item) => {
    const { position, localTsUs, kind } = item
    const body = 'bytes' in item ? Buffer.from(item.bytes).toString() : JSON.stringify(item)
    return `${position} ${localTsUs} ${kind} ${body}`
  })
}

const isOfAnn = (line: string): boolean =>
  line.includes('"ann"') || line.includes(ANN) || line.includes('"binary"')

it.each([
  ['raw', false],
  ['packed', true],
])(
  'takes one account out of %s segments, and leaves the rest where it was',
  {
    timeout: 120_000,
  },
  async (_name, packs) => {
    const directory = await filled(packs)
    const before = await linesOf(directory)
    expect(before.filter(isOfAnn).length).toBeGreaterThan(600)
    const removed = [{ accountId: ANN, removedAt: 7 }]
    expect(await forgetInDirectory(directory, removed)).toBe(true)
    const after = await linesOf(directory)
    expect(after.filter(isOfAnn)).toEqual([])
    const kept = after.filter((line) => !line.includes('{"type":"forgotten"}'))
    expect(kept).toEqual(before.filter((line) => !isOfAnn(line)))
    expect(after.map((line) => line.split(' ', 2))).toEqual(
      before.map((line) => line.split(' ', 2)),
    )
    expect(after.some((line) => line.includes('"kind":"hole"'))).toBe(false)

    const files = async () =>
      Promise.all(
        (await readdir(directory)).map(async (file) => {
          const { ino, mode, size } = await stat(join(directory, file))
          return { file, ino, mode: mode & 0o77, size }
        }),
      )
    const once = await files()
    expect(once.filter(({ mode }) => mode !== 0)).toEqual([])
    expect(await forgetInDirectory(directory, removed)).toBe(true)
    const written = (list: typeof once) =>
      list.filter(({ file }) => file !== 'forgotten' && !file.startsWith('lock'))
    expect(written(await files())).toEqual(written(once))

    const { journal } = open(directory)
    expect(await forgetInDirectory(directory, [{ accountId: BOB, removedAt: 8 }])).toBe(false)
    // What another process followed already is not looked for again.
    expect(await journal.forget(removed)).toBe(true)
    await journal.close()
  },
)

it('leaves nothing of an account in what a process that was ended did not finish', async () => {
  const directory = await filled(false)
  const [first = ''] = (await readdir(directory)).filter((file) => file.endsWith('.log')).sort()
  await mkdir(join(directory, 'archive'))
  for (const file of [
    join(directory, first.replace('.log', '.zst.tmp')),
    join(directory, 'archive', `${first}.tmp`),
  ]) {
    await writeFile(file, 'secret of ann')
  }
  expect(await forgetInDirectory(directory, [{ accountId: ANN, removedAt: 7 }])).toBe(true)
  const files = await readdir(directory, { recursive: true })
  expect(files.filter((file) => file.endsWith('.tmp'))).toEqual([])
})

it.skipIf(getuid?.() !== 0)('done by root, leaves all files to the user of the saver', async () => {
  const directory = await filled(true)
  const owners = async () => {
    const files = (await readdir(directory)).map((file) => join(directory, file))
    return Promise.all(files.map(async (file) => [file, (await stat(file)).uid] as const))
  }
  for (const [file] of [[directory], ...(await owners())] as const)
    await chown(file, 65_534, 65_534)
  const before = await linesOf(directory)
  expect(await forgetInDirectory(directory, [{ accountId: ANN, removedAt: 7 }])).toBe(true)
  expect((await linesOf(directory)).length).toBe(before.length)
  expect((await owners()).filter(([, uid]) => uid !== 65_534)).toEqual([])
})

it('leaves nothing of an account in what is damaged', { timeout: 120_000 }, async () => {
  const directory = await filled(false)
  const [first, second] = (await readdir(directory)).filter((file) => file.endsWith('.log')).sort()
  if (first === undefined || second === undefined) throw new Error('no segments')
  // The beginning of all connections, and a block in the middle.
  for (const [file, at] of [
    [first, 40],
    [second, 2500],
  ] as const) {
    const bytes = await readFile(join(directory, file))
    bytes.fill(0, at, at + 20)
    await writeFile(join(directory, file), bytes)
  }
  await mkdir(join(directory, 'set-aside'))
  await writeFile(join(directory, 'set-aside', first), 'secret of ann')
  expect(await forgetInDirectory(directory, [{ accountId: ANN, removedAt: 7 }])).toBe(true)
  const files = await readdir(directory)
  expect(files).not.toContain('set-aside')
  expect(files.filter((file) => file.endsWith('.tmp'))).toEqual([])
  for (const file of files) {
    const text = await readFile(join(directory, file), 'latin1')
    expect(text.includes('"ann"') || text.includes(ANN), file).toBe(false)
  }
  const after = await linesOf(directory)
  expect(after.filter((line) => line.includes('market.BTC')).length).toBeGreaterThan(400)
})
