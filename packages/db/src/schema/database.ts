import type { AccountSchema } from './account-schema.ts'
import type { CoverageSchema } from './coverage-schema.ts'
import type { IdentitySchema } from './identity-schema.ts'
import type { InstrumentSchema } from './instrument-schema.ts'
import type { MarketSchema } from './market-schema.ts'
import type { RecordSchema } from './record-schema.ts'

/** Every table of this package, for `Kysely<GridDatabase>`. */
export interface GridDatabase
  extends MarketSchema,
    InstrumentSchema,
    RecordSchema,
    CoverageSchema,
    IdentitySchema,
    AccountSchema {}
