import { optionSymbols, startSimulator } from '@grid/bybit-sim'
import { CaptureGapRepository } from '@grid/db'
import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { Tenants } from '../support/accounts.ts'
import { makeSaver, ownDatabase, quiet } from '../support/rig.ts'

const TIMEOUT = { timeout: 300_000 }
const [HYPE = ''] = optionSymbols('HYPE', [40], Date.now())

it.each([
  [
    'listed',
    'linear,inverse,spot,option',
    ['filled', 'filled'],
    [{ symbol: HYPE, source: 'rest' }],
  ],
  // It is asked for, since it was listed; but an empty list does not say which coins there are.
  ['gone', 'linear,inverse,spot,option', ['filled', 'partial'], [{ symbol: HYPE, source: 'rest' }]],
  // Nobody asked for the options: what was missed of them is not known.
  ['listed', 'linear', ['partial', 'partial'], []],
])(
  'a fill of an option, missed by the socket: its coin is %s, %s are read, the gaps are %s',
  {
    timeout: 120_000,
  },
  async (coin, categories, states, stored) => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({
      seed: 8,
      symbols: ['BTCUSDT'],
      option: [HYPE],
      paused: true,
    })
    const tenants = await Tenants.prepare(database.db, sim)
    const { uid, accountId, userId } = await tenants.add('ann', 'a')
    const env = { ...tenants.env, EVENTSAVER_ACCOUNT_CATEGORIES: categories }
    const { saver } = makeSaver(sim.wsUrl, database.url, env, { historySettleMs: 1000 })
    await saver.start()
    const isWhole = () =>
      saver
        .status()
        .accounts.map(({ state: is, snapshotAt }) => is === 'live' && snapshotAt !== null)
    await expect.poll(isWhole, TIMEOUT).toEqual([true])
    const gapStates = async () => {
      const gaps = await new CaptureGapRepository(database.db).list({ accountId, of: { userId } })
      return gaps.filter(({ channel }) => channel === 'execution').map(({ state }) => state)
    }
    // One of the time before the account was captured, then one of the lost connection.
    await expect.poll(gapStates, { ...TIMEOUT, interval: 500 }).toEqual(states.slice(0, 1))
    await sim.fault({ kind: 'drop-frame', count: 4, uid })
    sim.exchange.placeOrder(uid, { category: 'option', symbol: HYPE, side: 'Buy', qty: '1' })
    expect(sim.exchange.books(uid).executions).toHaveLength(1)
    if (coin === 'gone') sim.delist('option', HYPE)
    await sim.fault({ kind: 'close', abrupt: true, uid })
    await expect.poll(gapStates, { ...TIMEOUT, interval: 500 }).toEqual(states)
    await quiet(saver)
    await saver.stop(AbortSignal.timeout(30_000))
    const { rows } = await sql`select symbol, source from private_executions`.execute(database.db)
    expect(rows).toEqual(stored)
  },
)
