import { expect, onTestFinished, test } from 'vitest'
import { type Simulator, type SimulatorOptions, startSimulator } from '../src/index.ts'
import { openPrivate, rowsOf } from './private-client.ts'

async function start(options: SimulatorOptions = {}): Promise<Simulator> {
  const sim = await startSimulator({ seed: 1, symbols: ['BTCUSDT'], paused: true, ...options })
  onTestFinished(() => sim.stop())
  return sim
}

test('a market order is told of on every topic, with exact digits', async () => {
  const sim = await start()
  const { uid, keys } = sim.exchange.openAccount()
  const client = await openPrivate(sim, keys[0], 'execution', 'order', 'position', 'wallet')
  const orderId = sim.exchange.placeOrder(uid, { symbol: 'BTCUSDT', side: 'Buy', qty: '0.003' })
  await client.ask({ op: 'ping' })
  const [execution] = rowsOf(client, 'execution')
  expect(execution).toMatchObject({
    orderId,
    execPrice: '100000',
    execQty: '0.003',
    execValue: '300',
    execFee: '0.165',
    feeRate: '0.00055',
    leavesQty: '0',
    isMaker: false,
  })
  expect(rowsOf(client, 'order').at(-1)).toMatchObject({ orderId, orderStatus: 'Filled' })
  const positions = rowsOf(client, 'position')
  expect(positions).toMatchObject([
    { side: 'Buy', size: '0.003', entryPrice: '100000', cumRealisedPnl: '-0.165' },
  ])
  const [wallet] = rowsOf(client, 'wallet')
  expect(wallet?.['coin']).toMatchObject([{ coin: 'USDT', walletBalance: '999999.835' }])
})
