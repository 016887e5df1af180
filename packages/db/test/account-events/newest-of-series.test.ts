import { type CompiledQuery, sql } from 'kysely'
import { expect, it } from 'vitest'
import { migrate, PositionSnapshotRepository } from '../../src/index.ts'
import { T0 } from '../support/events.ts'
import { addTenant } from '../support/private-events.ts'
import { openPlanned } from '../support/query-plans.ts'

it('the newest row of each leg takes a few steps, however many rows there are, without statistics', async () => {
  const { db, take, scansOf, close } = await openPlanned(/^with recursive/)
  await migrate(db, { environment: 'testnet' })
  const { scope, accountId } = await addTenant(db, 'big')
  await sql`insert into position_snapshots (account_id, category, symbol, position_idx, exchange_ts,
      local_ts, source, side, size, content_hash)
    select ${accountId}::uuid, 'linear', 'S' || n % 4, n % 2 + 1,
      ${new Date(T0)}::timestamptz + n * interval '1 second', now(), 'ws', 'Buy', n, md5(n::text)
    from generate_series(0, 19999) n`.execute(db)
  const positions = new PositionSnapshotRepository(db)
  for (const when of ['before', 'after']) {
    if (when === 'after') await sql`analyze`.execute(db)
    for (const at of [undefined, T0 + 9_999_500]) {
      const legs = await positions.latest(scope, { accountId, ...(at === undefined ? {} : { at }) })
      const last = at === undefined ? 19_999 : 9_999
      expect(legs.map(({ size }) => Number(size)).toSorted()).toEqual(
        [3, 2, 1, 0].map((back) => last - back).toSorted(),
      )
      const queries = take()
      expect(queries).toHaveLength(1)
      const read = await scansOf(queries[0] as CompiledQuery)
      expect(read.reduce((sum, { rows }) => sum + rows, 0)).toBeLessThan(100)
    }
  }
  await close()
})
