import type { Migration } from './migration.ts'

/**
 * Gives a dead letter an identity, a hash of what it says, so that a repeated write stores it once; and a
 * state: whether it waits to be tried again.
 *
 * Letters that are stored already wait, and have no identity: nulls do not count as equal. So no row is
 * rewritten. Version 11 goes on reading and writing; what it writes has no identity either.
 */
export const deadLetterStates: Migration = {
  name: '0013-dead-letter-states',
  minReader: 11,
  minWriter: 11,
  statements: [
    `alter table dead_letters
      add column identity bytea,
      add column state text collate "C" not null default 'waiting',
      add column tried_at timestamptz,
      add constraint dead_letters_state check (state in ('waiting', 'retried')),
      add constraint dead_letters_identity unique (identity)`,
  ],
}
