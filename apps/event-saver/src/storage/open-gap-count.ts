import { type Clock, repeat } from '@grid/core-events'
import { CaptureGapRepository, type GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import type { Pipeline } from '../pipeline/pipeline.ts'

const EVERY_MS = 60_000
const BACKOFF = { baseMs: EVERY_MS, capMs: EVERY_MS, jitter: false }

/** What the open gaps are counted with. */
export interface OpenGapCountOptions {
  readonly db: Kysely<GridDatabase>
  readonly clock: Clock
  readonly pipeline: Pick<Pipeline, 'gaps' | 'gapsRecorded'>
}

/** Counts the open and partial gaps of the database again every minute: other savers record and fill gaps too. */
export class OpenGapCount {
  readonly #options: OpenGapCountOptions
  readonly #stopping = new AbortController()

  constructor(options: OpenGapCountOptions) {
    this.#options = options
  }

  /** Begins to count. A count that fails is left to the next one. */
  start(): void {
    const { clock } = this.#options
    const { signal } = this.#stopping
    void repeat(() => this.#count(), { clock, backoff: BACKOFF, signal }).catch(() => {})
  }

  stop(): void {
    this.#stopping.abort()
  }

  async #count(): Promise<number> {
    const { db, pipeline } = this.#options
    await pipeline.gapsRecorded()
    const before = pipeline.gaps.totals
    const { open, partial } = await new CaptureGapRepository(db).countByState('everyone')
    const now = pipeline.gaps.totals
    // What was recorded or filled meanwhile may be in the count or not; the next one tells.
    pipeline.gaps.recount({
      open: open + now.open - before.open,
      partial: partial + now.partial - before.partial,
    })
    return EVERY_MS
  }
}
