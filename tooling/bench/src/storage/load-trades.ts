import type pg from 'pg'
import { DAY, DAY_MS, SYMBOLS } from './trade-feed.ts'

const BATCH = 1000
const COLUMNS =
  'category, symbol, exchange_ts, trade_id, local_ts, side, price, size, flags, seq, match_index, source'

/**
 * Fills the day's partition with trades of all symbols, spread over the day, as a writer would: in the
 * order of time, in sorted batches. With `predecessor`, the same rows also go into that table.
 */
export async function loadTrades(
  client: pg.Client,
  count: number,
  { predecessor = false }: { readonly predecessor?: boolean } = {},
): Promise<void> {
  const start = `timestamptz '${new Date(DAY).toISOString()}'`
  const batch = `select 'linear', 'S' || floor(random() * ${SYMBOLS.length})::integer || 'USDT',
      date_trunc('milliseconds', ${start} + n * interval '${DAY_MS / count} milliseconds'),
      gen_random_uuid()::text,
      ${start} + n * interval '${DAY_MS / count} milliseconds' + random() * interval '90 milliseconds',
      (array['Buy', 'Sell'])[1 + (random() < 0.5)::integer],
      round((60000 + random() * 1000)::numeric, 2), round(random()::numeric, 3),
      40 + ceil(random() * 4)::integer, 190000000000 + n, 0, 'ws'
    from generate_series(start_n, start_n + ${BATCH - 1}) as n`
  const other = `insert into predecessor_trades (symbol, trade_id, exchange_ts, local_ts, side, price, size)
    select symbol, trade_id, exchange_ts, local_ts, side, price, size from batch order by seq;`
  await client.query(`create temporary table batch (like public_trades including defaults)`)
  await client.query(`do $$ begin
    for start_n in 0 .. ${count - 1} by ${BATCH} loop
      truncate batch;
      insert into batch (${COLUMNS}) ${batch};
      insert into public_trades (${COLUMNS}) select ${COLUMNS} from batch
        order by category, symbol, exchange_ts, trade_id;
      ${predecessor ? other : ''}
      if start_n % 100000 = 0 then commit; end if;
    end loop;
  end $$`)
  await client.query('drop table batch')
  for (const table of ['public_trades', ...(predecessor ? ['predecessor_trades'] : [])]) {
    await client.query(`vacuum (analyze) ${table}`)
  }
}
