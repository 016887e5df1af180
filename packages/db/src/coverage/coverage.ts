import type { AccountStream, MarketStream } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { isoOf, msSql } from '../columns/instant.ts'
import { sqlText } from '../columns/sql-text.ts'
import { assertSeesAll } from '../migrations/assert-sees-all.ts'
import type { CoverageEvidence } from '../schema/coverage-schema.ts'
import type { GridDatabase } from '../schema/database.ts'
import { type Viewer, visibleSql } from '../schema/tenant-scope.ts'
import { IS_NAMED, rowOf } from './streams.ts'

/**
 * What is known of a span of time.
 *
 * | state | every event in it |
 * |---|---|
 * | `covered` | is stored, says the evidence |
 * | `pending` | was heard, and is in the journal of a collector that is storing; a gap once it has stored nothing for ten minutes |
 * | `gap` | may be missing |
 */
export type CoverageState = 'covered' | 'pending' | 'gap'

/** A span of time of one stream. */
export interface CoverageInterval {
  readonly state: CoverageState
  /** Exchange time in epoch milliseconds, inclusive. */
  readonly from: number
  /** Exclusive. */
  readonly to: number
  /** The strongest evidence of what is covered; otherwise null. */
  readonly evidence: CoverageEvidence | null
}

/** Whose coverage to read, and when. */
export type CoverageQuery = {
  /** Exchange time in epoch milliseconds, inclusive. */
  readonly from: number
  /** Exclusive. What lies after the database's present is not asked. */
  readonly to: number
} & (
  | { readonly stream: MarketStream; readonly of?: Viewer }
  // The coverage of an account is read only for a viewer who may see it.
  | { readonly stream: AccountStream; readonly of: Viewer }
)

/** `isVisible` is an SQL condition that may have a parameter `$8`. */
function readSql(isVisible: string): string {
  return sqlText`
    select state, ${msSql('from_ts')} as from, ${msSql('to_ts')} as to, evidence::text as evidence
    from (
      select $1::text as channel, $2::text as category, $3::text as symbol, $4::text as variant,
        $5::uuid as account_id
    ) named
    join streams stream on ${IS_NAMED}
    cross join lateral stream_coverage(stream.id, $6::timestamptz, $7::timestamptz)
    where ${isVisible}
    order by from_ts`
}

/**
 * Reads what is covered of a stream in the time in which it was wanted, in order and without overlap: the union
 * over all collectors and all evidence, without what was lost. Gives nothing of time in which nobody wanted it.
 * Throws a `RangeError` for times that are none, and `TENANTS_HIDDEN` where row security would hide some of
 * `everyone`.
 *
 * @example
 * const gaps = (await coverage(db, { stream, from, to })).filter(({ state }) => state === 'gap')
 */
export async function coverage(
  db: Kysely<GridDatabase>,
  { stream, from, to, of }: CoverageQuery,
): Promise<CoverageInterval[]> {
  if (of === 'everyone') await assertSeesAll(db)
  if (to < from) throw new RangeError(`to is ${to} and from is ${from}: no time lies between them`)
  const { channel, category, symbol, variant, account_id } = rowOf(stream)
  const visible = visibleSql('stream', of, 8)
  const { rows } = await db.executeQuery<{
    state: CoverageState
    from: string
    to: string
    evidence: CoverageEvidence | null
  }>(
    CompiledQuery.raw(readSql(visible.sql), [
      channel,
      category,
      symbol,
      variant,
      account_id,
      isoOf('from', from),
      isoOf('to', to),
      ...visible.parameters,
    ]),
  )
  return rows.map((row) => ({ ...row, from: Number(row.from), to: Number(row.to) }))
}
