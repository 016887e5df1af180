import { startSimulator } from '@grid/bybit-sim'
import { findPgbouncer, startPgbouncer } from '@grid/testing'
import { expect, it } from 'vitest'
import { runCli } from '../support/cli.ts'
import { makeSaver, ownDatabase, prove, quiet } from '../support/rig.ts'

const patience = () => AbortSignal.timeout(30_000)
const COMPLETE = { missing: 0, unexpected: 0, different: 0, unsentOutsideGaps: 0, neverSent: [] }

const isPoolerInstalled = findPgbouncer() !== null
if (!isPoolerInstalled) process.stderr.write('skipped: PgBouncer is not installed\n')

it.skipIf(!isPoolerInstalled)('captures everything through a transaction pooler', async () => {
  await using database = await ownDatabase()
  const pooler = await startPgbouncer(database.url)
  try {
    await using sim = await startSimulator({ seed: 23, tradesPerSecond: 200 })
    const { saver } = makeSaver(sim.wsUrl, pooler.url, {
      EVENTSAVER_RETENTION_PUBLIC_TRADES: '90d',
    })
    const address = (await saver.start()) ?? ''
    await expect.poll(() => saver.status().ready, { timeout: 120_000 }).toBe(true)
    sim.burst({ symbol: 'ETHUSDT', trades: 2500 })
    const status = await runCli(['status'], { EVENTSAVER_HTTP_ADDRESS: address })
    expect(status.code).toBe(0)
    const env = { EVENTSAVER_DATABASE_URL: pooler.url, EVENTSAVER_WS_URL: sim.wsUrl }
    const list = await runCli(['partitions', 'list', '--exact'], env)
    expect(list).toMatchObject({ code: 0, stdout: expect.stringContaining('public_trades') })
    sim.pause()
    await quiet(saver)
    expect(await saver.stop(patience())).toEqual({ lost: 0, left: 0, dropped: 0 })
    expect(await prove(database.db, sim)).toMatchObject(COMPLETE)
  } finally {
    await pooler.stop()
  }
})
