import {
  type DeadLetterPage,
  DeadLetterRepository,
  type GridDatabase,
  type StoredDeadLetter,
} from '@grid/db'
import type { Kysely } from 'kysely'
import type { Config } from '../../config/config.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import type { CommandContext } from '../command.ts'
import { plainText } from '../plain-text.ts'
import { withDatabase } from '../with-database.ts'

/** Which letters a command is about. */
export type LetterFilter = Pick<
  DeadLetterPage,
  'state' | 'code' | 'channel' | 'from' | 'to' | 'ids'
>

/** How many letters are read at a time: each may hold a frame of a megabyte. */
const PAGE = 20

/** Reads letters page by page, in the order in which they were stored. */
export async function* pagesOf(
  db: Kysely<GridDatabase>,
  filter: LetterFilter,
  { after = '0', limit = Number.POSITIVE_INFINITY } = {},
): AsyncGenerator<readonly StoredDeadLetter[], void, undefined> {
  const letters = new DeadLetterRepository(db)
  for (let last = after, left = limit; left > 0; ) {
    const page = await letters.list({
      ...filter,
      after: last,
      limit: Math.min(PAGE, left),
      of: 'everyone',
    })
    if (page.length === 0) return
    yield page
    last = page.at(-1)?.id ?? last
    left -= page.length
  }
}

/** Reads at most `limit` letters after an id. */
export function listLetters(
  config: Config,
  filter: LetterFilter,
  page: { readonly after: string; readonly limit: number },
): Promise<readonly StoredDeadLetter[]> {
  const use = { command: 'dead-letters list', mode: 'read' } as const
  return withDatabase(config, use, async (db) => {
    const all: StoredDeadLetter[] = []
    for await (const letters of pagesOf(db, filter, page)) all.push(...letters)
    return all
  })
}

/** Reads one letter. */
export async function showLetter(config: Config, id: string): Promise<StoredDeadLetter> {
  const use = { command: 'dead-letters show', mode: 'read' } as const
  const [letter] = await withDatabase(config, use, (db) =>
    new DeadLetterRepository(db).list({ ids: [id], of: 'everyone' }),
  )
  if (letter !== undefined) return letter
  throw new CommandError(EXIT.failure, 'LETTER_NOT_FOUND', `there is no dead letter ${id}`)
}

/** Gives each letter to `out` as a line of JSON, no faster than the reader takes them; gives how many there were. */
export function exportLetters(
  config: Config,
  filter: LetterFilter,
  { drained, out }: Pick<CommandContext, 'drained' | 'out'>,
): Promise<number> {
  const use = { command: 'dead-letters export', mode: 'read' } as const
  return withDatabase(config, use, async (db) => {
    let count = 0
    for await (const letters of pagesOf(db, filter)) {
      for (const letter of letters) out(`${JSON.stringify(letterJson(letter))}\n`)
      await drained?.()
      count += letters.length
    }
    return count
  })
}

/** A letter as JSON, with its bytes as text, or in base64 where they are none. */
export function letterJson({ raw, ...letter }: StoredDeadLetter): object {
  return { ...letter, ...payloadOf(raw) }
}

function payloadOf(raw: Uint8Array): {
  readonly raw: string
  readonly encoding: 'utf8' | 'base64'
} {
  try {
    // A byte order mark is a part of what was received.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw)
    return { raw: text, encoding: 'utf8' }
  } catch {
    return { raw: Buffer.from(raw).toString('base64'), encoding: 'base64' }
  }
}

/** The facts of a letter without its bytes, which may be many. */
export function letterFacts({ raw, ...letter }: StoredDeadLetter): object {
  return { ...letter, bytes: raw.byteLength }
}

/** A line for each letter. */
export function letterLines(letters: readonly StoredDeadLetter[]): string[] {
  return letters.map((letter) => {
    const { id, state, code, channel, category, symbol, topic, reason, localTsUs, raw } = letter
    const of = [channel, category, symbol ?? topic].filter((part) => part !== null).join(' ')
    const time = new Date(localTsUs / 1000).toISOString()
    return plainText(
      `${id.padStart(6)}  ${time}  ${state}  ${code}  ${of || 'unknown'}, ${raw.byteLength} bytes: ${reason}`,
    )
  })
}

/** Everything that is known of a letter, a line for each fact, and its bytes. */
export function letterPage(letter: StoredDeadLetter): string[] {
  const { raw, localTsUs, createdAt, triedAt, ...facts } = letter
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
  const rows = Object.entries({
    ...facts,
    received: time(localTsUs / 1000),
    stored: time(createdAt),
    tried: time(triedAt),
    bytes: raw.byteLength,
  })
  const { raw: text, encoding } = payloadOf(raw)
  return [
    ...rows.flatMap(([name, value]) =>
      value === null ? [] : [plainText(`${name.padEnd(10)} ${value}`)],
    ),
    `${'encoding'.padEnd(10)} ${encoding}`,
    '',
    plainText(text),
  ]
}
