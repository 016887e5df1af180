import type { Migration } from './migration.ts'

/**
 * Gives a gap the variant of its stream, such as a candle's interval or a book's depth, and makes it a
 * part of the gap's identity. Gaps of streams without variants have null, as all stored ones do.
 *
 * Version 6 goes on reading and writing: it names its columns, and its inserts name no constraint.
 */
export const gapVariants: Migration = {
  name: '0007-gap-variants',
  minReader: 6,
  minWriter: 6,
  statements: [
    `alter table capture_gaps
      add column variant text collate "C",
      drop constraint capture_gaps_identity,
      add constraint capture_gaps_identity unique nulls not distinct
        (channel, category, symbol, variant, account_id, start_ts, end_ts, reason, collector)`,
  ],
}
