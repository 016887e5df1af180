import { startSimulator } from '@grid/bybit-sim'
import { WalletSnapshotRepository } from '@grid/db'
import { expect, it } from 'vitest'
import { Tenants } from '../support/accounts.ts'
import { makeSaver, ownDatabase, quiet } from '../support/rig.ts'

const TIMEOUT = { timeout: 300_000 }

it.each(['the socket was closed', 'no saver ran'])(
  'a coin that was spent while %s has no balance any more',
  { timeout: 600_000 },
  async (when) => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({
      seed: 8,
      symbols: ['BTCUSDT'],
      spot: ['BTCUSDT'],
      paused: true,
    })
    const tenants = await Tenants.prepare(database.db, sim)
    const account = sim.exchange.openAccount({ balances: { USDT: '1000', BTC: '1' } })
    const { uid, accountId, userId } = await tenants.add('ann', 'a', account)
    const env = { ...tenants.env, EVENTSAVER_ACCOUNT_CATEGORIES: 'linear,spot' }
    const start = async () => {
      const { saver } = makeSaver(sim.wsUrl, database.url, env)
      await saver.start()
      const isWhole = () =>
        saver
          .status()
          .accounts.map(({ state: is, snapshotAt }) => is === 'live' && snapshotAt !== null)
      await expect.poll(isWhole, TIMEOUT).toEqual([true])
      return saver
    }
    const held = async () => {
      const coins = await new WalletSnapshotRepository(database.db).latest(
        { userId },
        { accountId },
      )
      return Object.fromEntries(
        coins.map(({ coin, walletBalance }) => [coin, Number(walletBalance)]),
      )
    }
    const sell = () =>
      sim.exchange.placeOrder(uid, {
        category: 'spot',
        symbol: 'BTCUSDT',
        side: 'Sell',
        qty: '1',
      })

    let saver = await start()
    await expect.poll(held, TIMEOUT).toEqual({ USDT: 1000, BTC: 1 })
    if (when === 'no saver ran') {
      await saver.stop(AbortSignal.timeout(30_000))
      sell()
      saver = await start()
    } else {
      await sim.fault({ kind: 'drop-frame', count: 4, uid })
      sell()
      await sim.fault({ kind: 'close', abrupt: true, uid })
    }
    await expect.poll(async () => (await held())['BTC'], TIMEOUT).toBe(0)
    expect((await held())['USDT']).toBeGreaterThan(1000)
    await quiet(saver)
    await saver.stop(AbortSignal.timeout(30_000))
  },
)
