import type { CaptureGap } from '@grid/core-events'
import { CaptureGapRepository, type GridDatabase } from '@grid/db'
import type { Kysely } from 'kysely'
import type { RecordedGap } from './gap-recorder.ts'
import type { BufferedWriter } from './writers/buffered-writer.ts'
import type { WriterFactory } from './writers/writer-factory.ts'

/** What a gap writer is made of. */
export interface GapWriterOptions {
  readonly db: Kysely<GridDatabase>
  readonly collector: string
  readonly writer: WriterFactory
  /** Told of a gap that the database refuses. */
  readonly onLost: (gap: CaptureGap, error: unknown) => void
}

/** Makes the writer of gaps. Its queue has no limit: gaps are few, and dropping one would hide a loss. */
export function createGapWriter({
  db,
  collector,
  writer,
  onLost,
}: GapWriterOptions): BufferedWriter<RecordedGap, void> {
  const repository = new CaptureGapRepository(db)
  return writer<RecordedGap, void>(
    'gaps',
    {
      store: async (gaps) => {
        for (const [state, group] of Map.groupBy(gaps, (recorded) => recorded.state)) {
          const plain = group.map(({ gap }) => gap)
          await repository.insert(plain, { collector, state })
        }
      },
      settle: () => {},
      reject: ({ gap }, error) => onLost(gap, error),
    },
    Number.POSITIVE_INFINITY,
  )
}
