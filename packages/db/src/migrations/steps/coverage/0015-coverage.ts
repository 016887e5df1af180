import type { Migration } from '../migration.ts'
import { rowSecurity } from '../row-security.ts'
import { COVERAGE_FUNCTIONS } from './functions.ts'
import { COVERAGE_TABLES } from './tables.ts'
import { COVERAGE_TRIGGERS } from './triggers.ts'

/**
 * The ledger of what is covered: what was wanted, over which line each stream came and since when, up to when a
 * line was heard and a channel is stored, and what was lost. A gap is what was wanted and is not covered, so
 * nobody has to notice it.
 *
 * Rows change when topics open and close; an ordinary second updates one row a collector.
 *
 * Version 11 goes on reading and writing: the new column of `journal_positions` stays null, which covers nothing.
 */
export const coverage: Migration = {
  name: '0015-coverage',
  minReader: 11,
  minWriter: 11,
  statements: [
    ...COVERAGE_TABLES,
    ...COVERAGE_FUNCTIONS,
    ...COVERAGE_TRIGGERS,
    ...rowSecurity('streams', 'account or none'),
    ...rowSecurity('coverage_lines', 'account or none'),
    ...rowSecurity('wanted_spans', 'stream'),
    ...rowSecurity('coverage_spans', 'stream'),
    ...rowSecurity('coverage_losses', 'stream, line or none'),
    ...rowSecurity('coverage_days', 'stream'),
  ],
}
