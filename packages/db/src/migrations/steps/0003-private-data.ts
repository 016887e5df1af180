import type { Migration } from './migration.ts'
import { privateEvents } from './private/events.ts'
import { identities } from './private/identities.ts'

/**
 * Users, accounts, their keys, strategies and runs, and what accounts did.
 *
 * Of the older tables it only loosens columns: readers and writers of version 1 go on.
 */
export const privateData: Migration = {
  name: '0003-private-data',
  minReader: 1,
  minWriter: 1,
  statements: [...identities, ...privateEvents],
}
