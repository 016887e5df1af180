import type { Migration } from './migration.ts'

/**
 * Which days were removed from which table, by whom, and what was in them. Without it nobody could
 * tell a day that was never captured from one that was given up.
 *
 * A row is written before the partition is detached, so that a removal that was interrupted is known
 * as one, and `removed_at` in the transaction that drops it.
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
