import { rm } from 'node:fs/promises'
import { listSegments, setAsideOf } from '../files/file-names.ts'
import { AccountRecords } from './account-records.ts'
import { rewriteSegment } from './rewrite-segment.ts'

/** How segments are rewritten. */
export interface ForgetOptions {
  /** Only segments of lower numbers: their files must not grow. Default all. */
  readonly below?: number
  /** Runs work while nobody else packs, moves or removes segments. Default at once. */
  readonly inTurn?: (work: () => Promise<void>) => Promise<void>
  /** Told of a segment that was rewritten, and its bytes. */
  readonly onRewritten?: (number: number, bytes: number) => void
}

/**
 * Takes what accounts sent, and what names them, out of a journal's files, the archive included. Positions stay what
 * they were. Copies of damaged segments are removed, as nobody can tell what is in them.
 *
 * Rejects with errors of the file system, and may be called again then.
 */
export async function forgetAccounts(
  directory: string,
  accounts: ReadonlySet<string>,
  {
    below = Number.POSITIVE_INFINITY,
    inTurn = (work) => work(),
    onRewritten = () => {},
  }: ForgetOptions = {},
): Promise<void> {
  const records = new AccountRecords(accounts)
  const numbers = new Set((await listSegments(directory)).map(({ number }) => number))
  for (const number of numbers) {
    if (number >= below) break
    await inTurn(async () => {
      // It may have been packed or archived since the directory was read.
      const names = (await listSegments(directory)).filter((name) => name.number === number)
      for (const name of names) {
        const bytes = await rewriteSegment(directory, name, (block) => records.takeOut(block))
        if (bytes !== null) onRewritten(number, bytes)
      }
    })
  }
  await rm(setAsideOf(directory), { recursive: true, force: true })
}
