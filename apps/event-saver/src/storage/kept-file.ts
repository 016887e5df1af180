import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Clock, nowMs } from '@grid/core-events'
import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { createPrivate } from '../journal/files/create-private.ts'
import { makeFolder } from '../journal/files/make-folder.ts'
import { isWorthALine, type Logger, levelOf } from '../log/log.ts'
import { reasonOf } from '../log/reason.ts'

/** What a kept file is, and what it is about. */
export interface KeptFileOptions<Value> {
  readonly config: Pick<Config, 'dataDir'>
  /** Its name without the ending. */
  readonly name: string
  /** What it must be about to be used, e.g. the environment. */
  readonly about: Readonly<Record<string, string>>
  readonly schema: z.ZodType<Value>
  readonly clock: Clock
  readonly log: Logger
}

/** A value as an earlier process kept it. */
export interface Kept<Value> {
  readonly value: Value
  /** When it was last known to hold, in epoch milliseconds. */
  readonly keptAt: number
}

/** What is older says too little about today. */
const OLDEST_MS = 3 * 86_400_000
/** How often a value that stays the same is written, so that its age says when it last held. */
const AGAIN_MS = 3_600_000
const FOLDER_MODE = 0o700

/** The folder of kept files in a data directory. */
export function keptFolder({ dataDir }: Pick<Config, 'dataDir'>): string {
  return join(dataDir, 'kept')
}

/**
 * A small file in the data directory: what a process knew of others, for the next one to begin with before
 * they answer. It is readable for its owner alone, and whole or absent. Neither reading nor writing throws.
 */
export class KeptFile<Value> {
  readonly #options: KeptFileOptions<Value>
  readonly #path: string
  #written = ''
  #writtenAt = Number.NEGATIVE_INFINITY
  #writing: Promise<void> = Promise.resolve()
  #failures = 0

  constructor(options: KeptFileOptions<Value>) {
    this.#options = options
    this.#path = join(keptFolder(options.config), `${options.name}.json`)
  }

  /** What an earlier process kept; null, and a line of the log says why, when that cannot be used. */
  read(): Kept<Value> | null {
    if (!existsSync(this.#path)) return null
    try {
      const text: unknown = JSON.parse(readFileSync(this.#path, 'utf8'))
      const parsed = this.#form().safeParse(text)
      if (!parsed.success) return this.ignore(`it is damaged: ${z.prettifyError(parsed.error)}`)
      const { about, keptAt, value } = parsed.data
      const wrong = Object.entries(this.#options.about).find(([name, text]) => about[name] !== text)
      if (wrong !== undefined) {
        const [name, text] = wrong
        return this.ignore(`its ${name} is ${about[name] ?? 'not told'}, not ${text}`)
      }
      const ageMs = nowMs(this.#options.clock) - keptAt
      // A clock that was set back makes it seem to be of the future.
      if (Math.abs(ageMs) > OLDEST_MS) {
        return this.ignore(`it is of ${new Date(keptAt).toISOString()}, more than 3 days away`)
      }
      return { value, keptAt }
    } catch (error) {
      return this.ignore(`it cannot be read: ${reasonOf(error)}`)
    }
  }

  /** Says that what was kept is not used, and why. */
  ignore(reason: string): null {
    const facts = { code: 'KEPT_FILE_IGNORED', file: this.#path, reason }
    this.#options.log.warn(facts, 'what an earlier start kept is not used')
    return null
  }

  /**
   * Keeps a value in place of the one before, if it differs, or that one was written an hour ago.
   *
   * @param atMs - when it was last known to hold; default now
   */
  keep(value: Value, atMs: number = nowMs(this.#options.clock)): void {
    const text = JSON.stringify(value)
    if (text === this.#written && Math.abs(atMs - this.#writtenAt) < AGAIN_MS) return
    this.#written = text
    this.#writtenAt = atMs
    const { about } = this.#options
    this.#next(() => write(this.#path, `${JSON.stringify({ about, keptAt: atMs, value })}\n`))
  }

  /** Keeps nothing any more. */
  forget(): void {
    this.#written = ''
    this.#next(() => rm(this.#path, { force: true }))
  }

  /** Resolves when nothing is being written; never rejects. */
  settled(): Promise<void> {
    return this.#writing
  }

  #next(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work).then(
      () => {
        this.#failures = 0
      },
      (error: unknown) => {
        this.#written = ''
        this.#failures += 1
        if (!isWorthALine(this.#failures)) return
        const facts = { file: this.#path, failures: this.#failures, reason: reasonOf(error) }
        this.#options.log[levelOf(this.#failures)](
          { code: 'KEPT_FILE_UNWRITABLE', ...facts },
          'cannot keep what a start without others needs: make EVENTSAVER_DATA_DIR writable',
        )
      },
    )
  }

  #form() {
    return z.object({
      about: z.record(z.string(), z.string()),
      keptAt: z.number(),
      value: this.#options.schema,
    })
  }
}

/** Writes a file so that it is whole whatever happens, and its owner's alone. */
async function write(path: string, text: string): Promise<void> {
  const folder = dirname(path)
  await makeFolder(folder, FOLDER_MODE)
  await chmod(folder, FOLDER_MODE)
  const unfinished = `${path}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const file = await createPrivate(unfinished)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}
