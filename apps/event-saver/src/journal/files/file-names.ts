import { readdirSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** `log` is as written, `zst` is packed. */
export type SegmentForm = 'log' | 'zst'

/** A segment's file in the journal's directory. */
export interface SegmentName {
  readonly number: number
  readonly form: SegmentForm
  /** Whether it is in the folder `archive`: it was released, and is kept. */
  readonly isArchived: boolean
}

const PATTERN = /^(\d{12})\.(log|zst)$/
const ARCHIVE = 'archive'

/** The folder of segments that are kept after their release. */
export function archiveOf(directory: string): string {
  return join(directory, ARCHIVE)
}

/** The folder of copies of damaged segments. */
export function setAsideOf(directory: string): string {
  return join(directory, 'set-aside')
}

/** The path of a segment's file. */
export function segmentPath(directory: string, name: SegmentName): string {
  const folder = name.isArchived ? archiveOf(directory) : directory
  return join(folder, `${String(name.number).padStart(12, '0')}.${name.form}`)
}

/** The name of a segment as it is written. */
export function logName(number: number): SegmentName {
  return { number, form: 'log', isArchived: false }
}

/**
 * The segments in a directory and its archive by number. Of one number `log` comes first: the other one may not be
 * whole.
 */
export async function listSegments(directory: string): Promise<readonly SegmentName[]> {
  const archived = await readdir(archiveOf(directory)).catch(ifMissing)
  return namesOf(await readdir(directory), archived)
}

/** {@link listSegments} within the step. */
export function listSegmentsSync(directory: string): readonly SegmentName[] {
  let archived: string[] = []
  try {
    archived = readdirSync(archiveOf(directory))
  } catch (error) {
    ifMissing(error)
  }
  return namesOf(readdirSync(directory), archived)
}

function ifMissing(error: unknown): string[] {
  if ((error as { code?: unknown }).code === 'ENOENT') return []
  throw error
}

function namesOf(files: readonly string[], archived: readonly string[]): readonly SegmentName[] {
  const names = [...parse(files, false), ...parse(archived, true)]
  return names.sort((a, b) => a.number - b.number || (a.form < b.form ? -1 : 1))
}

function parse(files: readonly string[], isArchived: boolean): SegmentName[] {
  return files.flatMap((file): SegmentName[] => {
    const [, number, form] = PATTERN.exec(file) ?? []
    if (number === undefined) return []
    return [{ number: Number(number), form: form as SegmentForm, isArchived }]
  })
}
