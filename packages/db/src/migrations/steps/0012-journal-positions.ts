import type { Migration } from './migration.ts'

/**
 * Up to where each channel of a collector's journal is stored. A position moves in the transaction of the
 * rows that it stands for, so what the database says is true after a crash and after a failover.
 *
 * One row a channel is updated with every batch: the room that pages keep lets it be updated in place.
 *
 * Version 11 goes on reading and writing.
 */
export const journalPositions: Migration = {
  name: '0012-journal-positions',
  minReader: 11,
  minWriter: 11,
  statements: [
    `create table journal_positions (
      collector text collate "C" not null,
      channel text collate "C" not null,
      journal_id uuid not null,
      position bigint not null,
      moved_at timestamptz not null default now(),
      primary key (collector, channel),
      constraint journal_positions_not_negative check (position >= 0)
    ) with (fillfactor = 20)`,
  ],
}
