import type { Migration } from './migration.ts'

/**
 * The days that were removed, with who requested it, their rows and bytes. It tells a removed day from
 * one that was never captured.
 *
 * A row is written before the partition is detached, so that an interrupted removal can be recognised;
 * `removed_at` is set in the transaction that drops the partition.
 */
export const removedDays: Migration = {
  name: '0005-removed-days',
  minReader: 1,
  minWriter: 1,
  statements: [
    `create table removed_days (
      id bigint generated always as identity primary key,
      table_name text collate "C" not null,
      day date not null,
      requested_by text not null,
      requested_at timestamptz not null default now(),
      repair_overdue boolean not null default false,
      removed_at timestamptz,
      row_count bigint,
      bytes bigint
    )`,
    `create unique index removed_days_open on removed_days (table_name, day)
      where removed_at is null`,
  ],
}
