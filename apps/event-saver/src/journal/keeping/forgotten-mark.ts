import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { RemovedAccount } from '../durable-journal.ts'
import { createPrivate } from '../files/create-private.ts'

const FILE = 'forgotten'

/** Which removals of accounts a journal has followed already, by their hashes: nothing else is to name them. */
export class ForgottenMark {
  readonly #path: string
  readonly #hashes: Set<string>

  constructor(directory: string) {
    this.#path = join(directory, FILE)
    this.#hashes = new Set(read(this.#path))
  }

  has(removed: RemovedAccount): boolean {
    return this.#hashes.has(hashOf(removed))
  }

  async add(removed: readonly RemovedAccount[]): Promise<void> {
    for (const each of removed) this.#hashes.add(hashOf(each))
    const unfinished = `${this.#path}.tmp`
    await rm(unfinished, { force: true })
    const file = await createPrivate(unfinished)
    try {
      await file.writeFile(`${[...this.#hashes].join('\n')}\n`)
    } finally {
      await file.close()
    }
    await rename(unfinished, this.#path)
  }
}

function read(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    // Then they are looked for once more.
    return []
  }
}

function hashOf({ accountId, removedAt }: RemovedAccount): string {
  return createHash('sha256').update(`${accountId} ${removedAt}`).digest('hex')
}
