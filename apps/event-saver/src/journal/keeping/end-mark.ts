import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JournalPosition } from '../format/position.ts'

const FILE = 'too-old'

/**
 * Where a journal ended when a database was first found to know more of it; infinite where none was. Each start
 * begins another segment, so that a folder which was put back from a copy would soon look new enough.
 */
export function readEnd(directory: string): JournalPosition {
  try {
    const end = Number(readFileSync(join(directory, FILE), 'utf8'))
    return Number.isSafeInteger(end) && end > 0 ? end : Number.POSITIVE_INFINITY
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** Writes what {@link readEnd} reads; null removes it. Never throws: without the mark, a start may be refused no more. */
export function writeEnd(directory: string, end: JournalPosition | null): void {
  const path = join(directory, FILE)
  try {
    if (end === null) rmSync(path, { force: true })
    else writeFileSync(path, String(end), { mode: 0o600 })
  } catch {
    // The disk is full or read-only, which the journal itself tells.
  }
}
