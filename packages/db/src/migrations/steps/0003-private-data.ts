import type { Migration } from './migration.ts'
import { privateEvents } from './private/events.ts'
import { identities } from './private/identities.ts'

/**
 * Tables of users, accounts, their keys, strategies and runs, and of what accounts did.
 *
 * In older tables it only makes columns nullable, so that version 1 may go on reading and writing.
 */
export const privateData: Migration = {
  name: '0003-private-data',
  minReader: 1,
  minWriter: 1,
  statements: [...identities, ...privateEvents],
}
