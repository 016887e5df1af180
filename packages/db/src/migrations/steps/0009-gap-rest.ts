import type { Migration } from './migration.ts'

/**
 * Gives a gap its rest: the parts that a repair has not filled. Null means that nothing was filled, so
 * the rest is the whole gap, as of all stored ones.
 *
 * The bounds of a gap stay as they were recorded, because they are its identity: a collector that
 * reports it again makes no second row. Version 6 goes on reading and writing.
 */
export const gapRest: Migration = {
  name: '0009-gap-rest',
  minReader: 6,
  minWriter: 6,
  statements: ['alter table capture_gaps add column rest tstzmultirange'],
}
