import { publicData } from './steps/0001-public-data.ts'
import { allCategories } from './steps/0002-all-categories.ts'
import { privateData } from './steps/0003-private-data.ts'
import { rowSecurityOfTenants } from './steps/0004-row-security.ts'
import { removedDays } from './steps/0005-removed-days.ts'
import { narrowTrades } from './steps/0006-narrow-trades.ts'
import { gapVariants } from './steps/0007-gap-variants.ts'
import { boundSecrets } from './steps/0008-bound-secrets.ts'
import { gapRest } from './steps/0009-gap-rest.ts'
import { instruments } from './steps/0010-instruments.ts'
import { narrowTickers } from './steps/0011-narrow-tickers.ts'
import { journalPositions } from './steps/0012-journal-positions.ts'
import { deadLetterStates } from './steps/0013-dead-letter-states.ts'
import { tickersOfOneInstant } from './steps/0014-tickers-of-one-instant.ts'
import { coverage } from './steps/coverage/0015-coverage.ts'
import type { Migration } from './steps/migration.ts'

/** Every migration in order. The n-th brings the schema to version n. */
export const MIGRATIONS: readonly Migration[] = [
  publicData,
  allCategories,
  privateData,
  rowSecurityOfTenants,
  removedDays,
  narrowTrades,
  gapVariants,
  boundSecrets,
  gapRest,
  instruments,
  narrowTickers,
  journalPositions,
  deadLetterStates,
  tickersOfOneInstant,
  coverage,
]

/** The schema version that this package reads and writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length
