import assert from 'node:assert/strict'
import { createNormalizer } from '@grid/bybit-adapter'
import type { PublicTradeEvent } from '@grid/core-events'
import { createDatabase, migrate, PublicTradeRepository } from '@grid/db'

const T = 1_760_000_000_101
const items = ['b', 'a'].map(
  (id) =>
    `{"T":${T},"s":"BTCUSDT","S":"Buy","v":"0.003","p":"100000.10","L":"PlusTick","i":"${id}",` +
    '"BT":false,"RPI":false,"seq":190000000001}',
)
const events = createNormalizer({ category: 'linear' })
  .normalize(`{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":${T},"data":[${items}]}`, 1)
  .events.filter((event): event is PublicTradeEvent => event.channel === 'publicTrade')

const db = createDatabase({ url: 'pglite::memory:' })
await migrate(db)
const trades = new PublicTradeRepository(db)
const first = await trades.bulkInsert(events)
const again = await trades.bulkInsert(events)
assert.deepEqual([first.inserted, first.duplicates], [2, 0])
assert.deepEqual([again.inserted, again.duplicates], [0, 2])

const stored: PublicTradeEvent[] = []
const range = { category: 'linear', symbol: 'BTCUSDT', from: T, to: T + 1 } as const
for await (const trade of trades.range(range)) stored.push(trade)
assert.deepEqual(stored, events)
await db.destroy()
