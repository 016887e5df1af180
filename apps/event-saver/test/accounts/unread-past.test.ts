import { startSimulator } from '@grid/bybit-sim'
import { CaptureGapRepository, ExecutionRepository } from '@grid/db'
import { type Kysely, sql } from 'kysely'
import { expect, it } from 'vitest'
import type { Saver } from '../../src/saver.ts'
import { Tenants } from '../support/accounts.ts'
import { imbalances, makeSaver, ownDatabase, quiet } from '../support/rig.ts'

const TIMEOUT = { timeout: 120_000 }
const patience = () => AbortSignal.timeout(30_000)
const ORDER = { symbol: 'BTCUSDT', side: 'Buy', qty: '0.01' } as const

/** Makes the database answer with an error when it is asked for open orders; gives how to mend it. */
async function breakOrders(db: Kysely<never>): Promise<() => Promise<unknown>> {
  const { rows } = await sql<{ text: string }>`
    select pg_get_functiondef('order_status_rank(text)'::regprocedure) as text`.execute(db)
  await sql`
    create or replace function order_status_rank(status text) returns integer
      language sql immutable strict parallel safe as $$ select 1 / (length(status) * 0) $$`.execute(
    db,
  )
  return () => sql.raw(rows[0]?.text ?? '').execute(db)
}

it('what an account missed before the start is known later, where the database answered with an error', async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 17, paused: true })
  const tenants = await Tenants.prepare(database.db, sim)
  const { accountId, uid, userId } = await tenants.add('ann', 'a')
  const isLive = (saver: Saver) => saver.status().accounts[0]?.state
  const executions = async () => {
    const found = new ExecutionRepository(database.db).range(
      { userId },
      { accountId, from: Date.now() - 3_600_000, to: Date.now() + 3_600_000 },
    )
    let count = 0
    for await (const _ of found) count++
    return count
  }
  const start = async () => {
    const made = makeSaver(sim.wsUrl, database.url, tenants.env, { historySettleMs: 500 })
    await made.saver.start()
    await expect.poll(() => isLive(made.saver), TIMEOUT).toBe('live')
    return made
  }
  const before = await start()
  sim.exchange.placeOrder(uid, ORDER)
  await expect.poll(executions, TIMEOUT).toBe(1)
  await quiet(before.saver)
  await before.saver.stop(patience())
  const gapsSince = async (ms: number) => {
    const repository = new CaptureGapRepository(database.db)
    const gaps = await repository.list({ accountId, of: { userId } })
    return gaps.filter(({ channel, endTs }) => channel === 'execution' && endTs > ms)
  }
  const mend = await breakOrders(database.db as unknown as Kysely<never>)
  // While no process runs, and while nobody knows what was missed.
  sim.exchange.placeOrder(uid, ORDER)
  const startedMs = Date.now()
  const { saver, log } = await start()
  const unknown = () => log.filter(({ code }) => code === 'PAST_UNKNOWN').length
  await expect.poll(unknown, TIMEOUT).toBe(1)
  await quiet(saver)
  expect(await gapsSince(startedMs)).toEqual([])
  await mend()
  sim.exchange.placeOrder(uid, ORDER)
  await expect.poll(executions, TIMEOUT).toBe(3)
  const found = await gapsSince(startedMs)
  expect(found).toMatchObject([{ reason: 'start' }])
  expect(found[0]?.startTs).toBeLessThan(startedMs)
  await saver.stop(patience())
  expect(imbalances(saver)).toEqual([])
})

it('what an account missed without a lost connection is read from history at once', async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 19, paused: true })
  const tenants = await Tenants.prepare(database.db, sim)
  const { accountId, uid, userId } = await tenants.add('ann', 'a')
  const { saver } = makeSaver(sim.wsUrl, database.url, tenants.env, { historySettleMs: 500 })
  await saver.start()
  const gaps = async () => {
    const all = await new CaptureGapRepository(database.db).list({ accountId, of: { userId } })
    return all.filter(({ channel }) => channel === 'execution')
  }
  // Those of the start are read, so that nothing is due any more.
  await expect
    .poll(async () => (await gaps()).map(({ state }) => state), TIMEOUT)
    .toEqual(['partial'])
  await quiet(saver)
  await sim.fault({ kind: 'drop-frame', count: 4, uid })
  const startTs = Date.now() - 1
  sim.exchange.placeOrder(uid, ORDER)
  await quiet(saver)
  // As the pipeline tells what it had to drop, or what the journal cannot give back.
  const bounds = { startTs, endTs: Date.now(), reason: 'queue_full' } as const
  saver.pipeline.acceptGap({ accountId, channel: 'execution', ...bounds })
  const isRead = async () =>
    (await gaps()).some(({ reason, state }) => reason === 'queue_full' && state !== 'open')
  await expect.poll(isRead, TIMEOUT).toBe(true)
  const [execution] = sim.exchange.books(uid).executions
  expect(execution).toBeDefined()
  const { samples } = await tenants.prove()
  expect(samples.filter((text) => text.startsWith('missing: execution'))).toEqual([])
  await saver.stop(patience())
})
