import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { TestContext } from 'vitest'

const folder =
  process.env['GRID_FIXTURES'] ??
  resolve(import.meta.dirname, '../../../../../shared/fixtures/bybit')

/** A JSON document of any shape. */
export type Document = { readonly [key: string]: unknown }

/** Skips a test when there are no recorded messages to compare with. */
export function needsRecordings(context: TestContext): void {
  if (!existsSync(folder)) context.skip(`no recorded messages in ${folder}`)
}

/** The text of a recorded file. */
export function recordedText(name: string): string {
  return readFileSync(resolve(folder, name), 'utf8')
}

/** The documents of a recorded file, one a line. */
export function recorded(name: string): Document[] {
  return recordedText(name)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Document)
}

/**
 * The keys at every level in their order, with the types of their values; of a list, its first item.
 * `without` leaves out keys that the exchange added after the recording.
 */
export function shape(value: unknown, without: readonly string[] = []): unknown {
  if (Array.isArray(value)) return [shape(value[0], without)]
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value
  return Object.entries(value)
    .filter(([name]) => !without.includes(name))
    .map(([name, inner]) => [name, shape(inner, without)])
}
