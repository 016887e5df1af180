import type { AccountStream, MarketStream, Stream } from '@grid/core-events'
import { CompiledQuery, type Kysely } from 'kysely'
import { sqlText } from '../columns/sql-text.ts'
import type { GridDatabase } from '../schema/database.ts'

/** A stream as table `streams` has it. */
export interface StreamRow {
  readonly channel: string
  readonly category: string
  readonly symbol: string
  readonly variant: string
  readonly account_id: string | null
}

/** SQL of the columns that tell streams apart. */
export const STREAM_COLUMNS = 'channel, category, symbol, variant, account_id'

/** SQL of the definition of these columns where rows come as JSON. */
export const STREAM_TYPES =
  'channel text, category text, symbol text, variant text, account_id uuid'

/** SQL condition that a row that was sent names a stream. The table is asked by its key. */
export const IS_NAMED = `(stream.channel, stream.symbol, stream.category, stream.variant)
    = (named.channel, named.symbol, named.category, named.variant)
    and stream.account_id is not distinct from named.account_id`

/** The row of a stream, to be sent as JSON. */
export function rowOf(stream: Stream): StreamRow {
  if ('accountId' in stream) {
    const { channel, accountId } = stream
    return { channel, category: '', symbol: '', variant: '', account_id: accountId }
  }
  const { channel, category, symbol, variant = '' } = stream
  return { channel, category, symbol, variant, account_id: null }
}

/** The stream of a row. */
export function streamOfRow(row: StreamRow): Stream {
  const { channel, category, symbol, variant, account_id } = row
  // Sound: rows are made of streams.
  if (account_id !== null) return { accountId: account_id, channel } as AccountStream
  return { category, channel, symbol, ...(variant !== '' && { variant }) } as MarketStream
}

/** A number is taken only for a stream that is not there yet. */
const ADD = sqlText`
  insert into streams (${STREAM_COLUMNS})
  select distinct ${STREAM_COLUMNS}
  from jsonb_to_recordset($1::jsonb) as named (${STREAM_TYPES})
  where not exists (
    select from streams stream
    where ${IS_NAMED}
  )
  on conflict do nothing`

/** Gives the streams a row that have none yet. */
export async function addStreams(
  db: Kysely<GridDatabase>,
  rows: readonly StreamRow[],
): Promise<void> {
  await db.executeQuery(CompiledQuery.raw(ADD, [JSON.stringify(rows)]))
}
