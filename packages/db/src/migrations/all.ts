import { publicData } from './steps/0001-public-data.ts'
import { allCategories } from './steps/0002-all-categories.ts'
import { privateData } from './steps/0003-private-data.ts'
import { rowSecurityOfTenants } from './steps/0004-row-security.ts'
import { removedDays } from './steps/0005-removed-days.ts'
import { narrowTrades } from './steps/0006-narrow-trades.ts'

/** One step of the schema; once released it never changes. */
export interface Migration {
  /** Its number and what it is about. */
  readonly name: string
  /** Oldest schema version whose readers understand the result. */
  readonly minReader: number
  /** Oldest schema version whose writers may still write. */
  readonly minWriter: number
  readonly statements: readonly string[]
}

/** Every migration in order: the n-th brings the schema to version n. */
export const MIGRATIONS: readonly Migration[] = [
  publicData,
  allCategories,
  privateData,
  rowSecurityOfTenants,
  removedDays,
  narrowTrades,
]

/** The schema version that this package reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length
