import { spawnSync } from 'node:child_process'
import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
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

/** A real ext4 of 40 MB; null, with the reason, where one cannot be mounted: it takes root and a loop device. */
async function smallDisk(): Promise<string | null> {
  const folder = await journalDirectory()
  const [image, disk] = [join(folder, 'image'), join(folder, 'disk')]
  await mkdir(disk)
  await writeFile(image, '')
  await truncate(image, 40 * 2 ** 20)
  for (const [program, ...args] of [
    ['mkfs.ext4', '-q', '-m', '0', image],
    ['mount', '-o', 'loop', image, disk],
  ]) {
    const { status, stderr, error } = spawnSync(program ?? '', args, { encoding: 'utf8' })
    if (status !== 0) {
      process.stderr.write(`no small disk: ${stderr ?? error?.message}\n`)
      return null
    }
  }
  onTestFinished(() => {
    spawnSync('umount', ['-l', disk])
  })
  return disk
}

describe('a real small disk', () => {
  it('that others fill refuses market data, gives private frames the reserve, and recovers', async ({
    skip,
  }) => {
    const disk = await smallDisk()
    if (disk === null) return skip('no ext4 can be mounted here')
    const directory = join(disk, 'journal')
    const { journal, faults } = open(directory, {
      reserveBytes: 8 * 2 ** 20,
      minFreeBytes: 1_000_000,
      segmentBytes: 1_000_000,
      packs: false,
    })
    const connection = journal.connect(LINEAR)
    let next = 0
    const append = async (frames: number) => {
      await appendFrames(journal, connection, next, next + frames)
      next += frames
      await journal.flush()
    }
    await append(1000)
    // The reserve takes its room first.
    await vi.waitFor(async () => expect(await readdir(directory)).toContain('reserve'), 30_000)
    await vi.waitFor(
      () =>
        expect(
          spawnSync('du', ['-m', join(directory, 'reserve')], { encoding: 'utf8' }).stdout,
        ).toMatch(/^8/),
      30_000,
    )
    const filler = join(disk, 'filler')
    spawnSync('dd', ['if=/dev/urandom', `of=${filler}`, 'bs=64k'])
    await append(500)
    await vi.waitFor(() => expect(journal.accepts('market')).toBe(false), 30_000)
    expect(journal.accepts('private')).toBe(true)
    // What private streams append meanwhile goes to the room of the reserve.
    const hasReserve = async () => (await readdir(directory)).includes('reserve')
    for (let i = 0; i < 20 || (i < 100 && (await hasReserve())); i++) await append(200)
    await vi.waitFor(() => expect(journal.state).toBe('running'), 30_000)
    await journal.flush()
    expect(journal.durable).toBe(journal.position)
    expect(await hasReserve()).toBe(false)

    await rm(filler)
    await vi.waitFor(() => expect(journal.accepts('expendable')).toBe(true), 30_000)
    await append(500)
    await vi.waitFor(async () => expect(await readdir(directory)).toContain('reserve'), 30_000)
    await journal.close()
    const items = await readAll(readSegments({ directory }))
    expect(frameNumbers(items)).toEqual(range(0, next))
    expect(items.filter(({ kind }) => kind === 'hole')).toEqual([])
    const codes = faults.map(({ code }) => code)
    expect(codes).toContain('JOURNAL_FULL')
    expect(codes.at(-1)).toBe('JOURNAL_ROOM')
  })
})
