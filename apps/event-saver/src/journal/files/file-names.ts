import { readdirSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** `log` is as written, `zst` is packed. */
export type SegmentForm = 'log' | 'zst'

/** A segment's file in the journal's directory. */
export interface SegmentName {
  readonly number: number
  readonly form: SegmentForm
}

const PATTERN = /^(\d{12})\.(log|zst)$/

/** The path of a segment's file. */
export function segmentPath(directory: string, { number, form }: SegmentName): string {
  return join(directory, `${String(number).padStart(12, '0')}.${form}`)
}

/** The segments in a directory by number; of one number `log` comes first, because it is the older and whole. */
export async function listSegments(directory: string): Promise<readonly SegmentName[]> {
  return namesOf(await readdir(directory))
}

/** {@link listSegments} within the step. */
export function listSegmentsSync(directory: string): readonly SegmentName[] {
  return namesOf(readdirSync(directory))
}

function namesOf(files: readonly string[]): readonly SegmentName[] {
  const names = files.flatMap((file): SegmentName[] => {
    const [, number, form] = PATTERN.exec(file) ?? []
    return number === undefined ? [] : [{ number: Number(number), form: form as SegmentForm }]
  })
  return names.sort((a, b) => a.number - b.number || (a.form < b.form ? -1 : 1))
}
