import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { archiveOf, listSegments, type SegmentName, segmentPath } from '../files/file-names.ts'
import type { JournalPosition } from '../format/position.ts'
import { openSource } from '../segments/open-source.ts'

/** Files that were being packed or rewritten. */
const UNFINISHED = /\.(log|zst)\.tmp$/

/**
 * Ends what a process left half done in a journal's directory: removes files that were being written, and of a segment
 * that is there in both forms the packed one, unless it is whole. Gives the segments that remain, but for the archive.
 */
export async function tidy(directory: string): Promise<readonly SegmentName[]> {
  for (const file of await readdir(directory)) {
    if (UNFINISHED.test(file)) await rm(join(directory, file), { force: true })
  }
  const archive = archiveOf(directory)
  for (const file of await readdir(archive).catch(() => [])) {
    if (UNFINISHED.test(file)) await rm(join(archive, file), { force: true })
  }
  const names = await listSegments(directory)
  const kept: SegmentName[] = []
  for (const name of names) {
    const isDouble = names.some(({ number, form }) => number === name.number && form !== name.form)
    if (name.form === 'log' && isDouble && (await isPacked(directory, name))) {
      await rm(segmentPath(directory, name), { force: true })
    } else if (name.form === 'zst' && kept.at(-1)?.number === name.number) {
      await rm(segmentPath(directory, name), { force: true })
    } else if (!name.isArchived) kept.push(name)
  }
  return kept
}

/** Whether the packed form of a segment holds all that the other holds. */
async function isPacked(directory: string, name: SegmentName): Promise<boolean> {
  const raw = await readThrough(directory, name)
  const packed = await readThrough(directory, { ...name, form: 'zst' }).catch(() => null)
  return (
    packed !== null &&
    packed.damages === 0 &&
    packed.records === raw.records &&
    packed.last === raw.last
  )
}

async function readThrough(
  directory: string,
  name: SegmentName,
): Promise<{ records: number; last: JournalPosition; damages: number }> {
  const source = await openSource(directory, name)
  try {
    let records = 0
    let last = 0
    for (let block = await source.next(); block !== null; block = await source.next()) {
      records += block.records
      last = block.last
    }
    return { records, last, damages: source.damages }
  } finally {
    await source.close()
  }
}
