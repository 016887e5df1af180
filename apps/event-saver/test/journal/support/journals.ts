import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@grid/core-events'
import type {
  DurableJournal,
  JournalFault,
  JournalOptions,
  JournalReader,
} from '../../../src/journal/durable-journal.ts'
import type { JournalFiles } from '../../../src/journal/files/journal-files.ts'
import type { JournalItem, JournalOrigin } from '../../../src/journal/format/items.ts'
import { openJournal } from '../../../src/journal/open-journal.ts'

export const LINEAR: JournalOrigin = {
  source: 'ws',
  category: 'linear',
  accountId: null,
  connection: 1,
  predecessor: null,
}

/** A journal's own directory. */
export function journalDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'grid-journal-'))
}

/** A journal whose segments are small, and what it said. */
export interface Opened {
  readonly journal: DurableJournal
  readonly faults: JournalFault[]
}

export function open(
  directory: string,
  options: Partial<JournalOptions> = {},
  files?: JournalFiles,
): Opened {
  const faults: JournalFault[] = []
  const journal = openJournal(
    {
      directory,
      clock: systemClock,
      environment: 'simulated',
      onFault: (fault) => faults.push(fault),
      checkpoint: () => [],
      reserveBytes: 0,
      minFreeBytes: 0,
      packs: false,
      ...options,
    },
    files,
  )
  return { journal, faults }
}

/** A frame whose text says which one it is, of a length that varies. */
export function frameOf(index: number): { bytes: Uint8Array; localTsUs: number; index: number } {
  const text = `{"n":${index},"pad":"${'x'.repeat((index * 37) % 700)}"}`
  return { bytes: Buffer.from(text), localTsUs: 1_760_000_000_000_000 + index * 10, index }
}

/** Appends frames `from` to `to`, and gives control back in between, as sockets do. */
export async function appendFrames(
  journal: DurableJournal,
  connection: number,
  from: number,
  to: number,
): Promise<number> {
  let position = 0
  for (let index = from; index < to; index++) {
    position = journal.append(connection, frameOf(index))
    if (index % 50 === 49) await new Promise((resolve) => setImmediate(resolve))
  }
  return position
}

/** Everything that a reader gives up to the tail. */
export async function readAll(reader: JournalReader): Promise<JournalItem[]> {
  const items: JournalItem[] = []
  for (;;) {
    items.push(...(await reader.next()))
    if (reader.isAtTail) break
  }
  await reader.close()
  return items
}

/** The numbers of the frames among items; throws where one is not what was appended. */
export function frameNumbers(items: readonly JournalItem[]): number[] {
  return items.flatMap((item) => {
    if (item.kind !== 'frame') return []
    const expected = frameOf(item.index)
    if (Buffer.compare(item.bytes, expected.bytes) !== 0) throw new Error('a frame has other bytes')
    if (item.localTsUs !== expected.localTsUs) throw new Error('a frame has another time')
    return [item.index]
  })
}

/** The numbers from `from` to `to`, without `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
