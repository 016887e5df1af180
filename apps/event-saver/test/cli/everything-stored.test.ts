import { startSimulator } from '@grid/bybit-sim'
import { expect, it } from 'vitest'
import { Cli } from '../support/cli.ts'
import { ownFolder } from '../support/own-folder.ts'
import { ownDatabase } from '../support/rig.ts'

const TIMEOUT = { timeout: 120_000 }
const SENTENCE = 'everything received is stored'

it('a stop says so of dead letters as well, and names their number', {
  timeout: 300_000,
}, async () => {
  await using database = await ownDatabase()
  await using sim = await startSimulator({ seed: 81, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
  await using cli = new Cli(['run'], {
    EVENTSAVER_WS_URL: sim.wsUrl,
    EVENTSAVER_DATABASE_URL: database.url,
    EVENTSAVER_SYMBOLS: 'BTCUSDT',
  })
  await expect.poll(() => cli.httpAddress, TIMEOUT).toBeDefined()
  await expect.poll(async () => (await cli.get('/readyz')).status, TIMEOUT).toBe(200)
  await sim.fault({ kind: 'garbage', payload: 'text' })
  const letters = async () =>
    (await cli.status()).channels.reduce((sum, { deadLettered }) => sum + deadLettered, 0)
  await expect.poll(letters, TIMEOUT).toBe(1)
  cli.kill('SIGTERM')
  expect(await cli.exited).toBe(0)
  expect(cli.log).toContainEqual(
    expect.objectContaining({
      code: 'DEAD_LETTERS',
      msg: `stopped; ${SENTENCE}, 1 as dead letters`,
    }),
  )
})

it('a stop does not say so while the journal has what an earlier process left', {
  timeout: 300_000,
}, async () => {
  await using sim = await startSimulator({ seed: 82, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
  const env = {
    EVENTSAVER_DATABASE_URL: 'postgres://grid@127.0.0.1:1/grid',
    EVENTSAVER_SYMBOLS: 'BTCUSDT',
    EVENTSAVER_DATA_DIR: ownFolder(),
  }
  const run = async (wsUrl: string, isEnough: (received: number) => boolean): Promise<Cli> => {
    await using cli = new Cli(['run'], { ...env, EVENTSAVER_WS_URL: wsUrl })
    await expect.poll(() => cli.httpAddress, TIMEOUT).toBeDefined()
    const received = async () =>
      (await cli.status()).channels.reduce((sum, entry) => sum + entry.received, 0)
    await expect.poll(async () => isEnough(await received()), TIMEOUT).toBe(true)
    cli.kill('SIGTERM')
    // The second signal ends the wait for the database.
    cli.kill('SIGINT')
    expect(await cli.exited).toBe(0)
    return cli
  }
  const first = await run(sim.wsUrl, (received) => received > 10)
  expect(first.log).toContainEqual(expect.objectContaining({ code: 'LEFT_IN_JOURNAL' }))
  const second = await run('ws://127.0.0.1:1', (received) => received === 0)
  expect(second.stderr).not.toContain(SENTENCE)
  expect(second.log).toContainEqual(expect.objectContaining({ code: 'LEFT_IN_JOURNAL', left: 0 }))
})
