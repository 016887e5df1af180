import { randomBytes } from 'node:crypto'
import { appendFile, mkdtemp, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from '../../support/figures.ts'
import { readWithinMs } from './judge.ts'
import type { Life, Lives } from './lives.ts'

/** The saver's default. */
export const SYNC_INTERVAL_MS = 100
const MAX_GARBAGE = 8192
const SEGMENT = /^\d{12}\.log$/

interface Sync {
  readonly path: string
  /** Bytes that are safe. */
  readonly covered: number
  /** When it began, in epoch milliseconds. */
  readonly begun: number
}

/** What savers have synced, as they note it themselves. */
export class SyncRecord {
  readonly file: string
  /** When the last sync of each life began. */
  readonly #lastSync = new Map<Life, number>()

  /** Names of segments of lives that have ended. */
  readonly #ended = new Set<string>()

  private constructor(file: string) {
    this.file = file
  }

  static async create(cleanUp: AsyncDisposableStack): Promise<SyncRecord> {
    const folder = await mkdtemp(join(tmpdir(), 'grid-soak-syncs-'))
    cleanUp.defer(() => rm(folder, { recursive: true }))
    return new SyncRecord(join(folder, 'syncs'))
  }

  /** What a saver's environment needs for it. */
  get env(): Readonly<Record<string, string>> {
    return { GRID_SYNC_RECORD: this.file }
  }

  /** What node is given so that a saver notes its syncs. */
  get nodeFlags(): readonly string[] {
    return ['--import', fileURLToPath(new URL('./record-syncs.ts', import.meta.url))]
  }

  /** The syncs of the last process; forgets them. */
  async take(): Promise<Sync[]> {
    const lines = (await readFile(this.file, 'utf8').catch(() => '')).split('\n')
    await rm(this.file, { force: true })
    // The kill may have cut the last line.
    return lines.slice(0, -1).map((line) => JSON.parse(line) as Sync)
  }

  /** Whether a segment is of the last life; from now on it is of an earlier one. */
  isNew(name: string): boolean {
    const isNew = !this.#ended.has(name)
    this.#ended.add(name)
    return isNew
  }

  note(life: Life, lastSyncMs: number): void {
    this.#lastSync.set(life, lastSyncMs)
  }

  /** How long before its end an item must have been written to a life to be safe: 200 ms before the last sync. */
  marginMs(life: Life): number {
    if (life.killedMs === null) return readWithinMs(life)
    const lastSync = this.#lastSync.get(life)
    // Without a sync nothing is safe.
    if (lastSync === undefined) return Number.POSITIVE_INFINITY
    return Math.max(0, life.killedMs - lastSync) + readWithinMs(life)
  }

  describe(): string {
    const ages = [...this.#lastSync].map(([{ killedMs }, at]) => (killedMs ?? at) - at)
    return `median ${median(ages).toFixed(0)}, longest ${Math.max(...ages).toFixed(0)}`
  }
}

/** Leaves of a killed saver's journal what a power cut would: each file up to its last sync, and then garbage. */
export async function cutPower(
  { all, folder }: Lives,
  record: SyncRecord,
  random: () => number,
): Promise<void> {
  const life = all.at(-1)
  const syncs = await record.take()
  const last = syncs.at(-1)
  if (life !== undefined && last !== undefined) record.note(life, last.begun)
  const safe = new Map(syncs.map(({ path, covered }) => [basename(path), covered]))
  const journal = join(folder, 'journal')
  const names = (await readdir(journal).catch(() => [])).filter((name) => SEGMENT.test(name)).sort()
  const own = names.filter((name) => record.isNew(name))
  for (const name of own) {
    const path = join(journal, name)
    const { size } = await stat(path)
    await truncate(path, Math.min(size, safe.get(name) ?? 0))
  }
  const newest = own.at(-1)
  if (newest === undefined) return
  await appendFile(join(journal, newest), randomBytes(Math.floor(random() * MAX_GARBAGE)))
}
