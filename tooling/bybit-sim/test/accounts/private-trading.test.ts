import { expect, onTestFinished, test } from 'vitest'
import {
  type AccountInfo,
  type OrderSpec,
  optionSymbols,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  type WireRow,
} from '../../src/index.ts'
import type { Client } from '../support/client.ts'
import { openPrivate, rowsOf } from '../support/private-client.ts'

const TOPICS = ['execution', 'order', 'position', 'wallet'] as const
/** The market stands at 100000. */
const BUY = { symbol: 'BTCUSDT', side: 'Buy', qty: '0.01' } as const
const SELL = { ...BUY, side: 'Sell' } as const

async function start(options: SimulatorOptions = {}): Promise<Simulator> {
  const sim = await startSimulator({ seed: 1, symbols: ['BTCUSDT'], paused: true, ...options })
  onTestFinished(() => sim.stop())
  return sim
}

/** Opens a client of an account that is subscribed to every topic. */
function watch(sim: Simulator, { keys }: AccountInfo): Promise<Client> {
  return openPrivate(sim, keys[0], ...TOPICS)
}

/** An order's states in the order in which they were reported. */
function statesOf(sim: Simulator, uid: string, orderId: string): unknown[][] {
  return sim.exchange
    .books(uid)
    .orderHistory.filter((row) => row['orderId'] === orderId)
    .map((row) => [row['orderStatus'], row['cumExecQty'], row['leavesQty']])
}

function position(sim: Simulator, uid: string, idx = 0): WireRow | undefined {
  return sim.exchange.books(uid).positions.find((row) => row['positionIdx'] === idx)
}

function balance(sim: Simulator, uid: string, coin = 'USDT'): unknown {
  const coins = sim.exchange.books(uid).wallet['coin'] as WireRow[]
  return coins.find((row) => row['coin'] === coin)?.['walletBalance']
}

test('a market order is reported on every topic, with exact digits', async () => {
  const sim = await start()
  const account = sim.exchange.openAccount()
  const client = await watch(sim, account)
  const orderId = sim.exchange.placeOrder(account.uid, { ...BUY, qty: '0.003' })
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
  expect(rowsOf(client, 'position')).toMatchObject([
    { side: 'Buy', size: '0.003', entryPrice: '100000', cumRealisedPnl: '-0.165' },
  ])
  const [wallet] = rowsOf(client, 'wallet')
  expect(wallet?.['coin']).toMatchObject([{ coin: 'USDT', walletBalance: '999999.835' }])
})

test('a limit order rests, is amended, filled in part and cancelled', async () => {
  const sim = await start()
  const { uid } = sim.exchange.openAccount()
  const orderId = sim.exchange.placeOrder(uid, { ...BUY, price: '90000.10', orderLinkId: 'mine' })
  sim.exchange.amendOrder(uid, orderId, { price: '91000', qty: '0.02' })
  sim.exchange.fillOrder(uid, orderId, { qty: '0.005' })
  sim.exchange.fillOrder(uid, orderId, { qty: '0.003', price: '90999.9' })
  sim.exchange.cancelOrder(uid, orderId)
  expect(statesOf(sim, uid, orderId)).toEqual([
    ['New', '0', '0.01'],
    ['New', '0', '0.02'],
    ['PartiallyFilled', '0.005', '0.015'],
    ['PartiallyFilled', '0.008', '0.012'],
    ['Cancelled', '0.008', '0'],
  ])
  const { executions, orders } = sim.exchange.books(uid)
  expect(orders).toMatchObject([
    { orderLinkId: 'mine', price: '91000', cancelType: 'CancelByUser', avgPrice: '90999.9625' },
  ])
  expect(executions).toMatchObject([
    { isMaker: true, execPrice: '91000', feeRate: '0.0002', execFee: '0.091' },
    { isMaker: true, execPrice: '90999.9', execFee: '0.05459994' },
  ])
})

test('a match between two accounts is reported to both, with the same id and sequence', async () => {
  const sim = await start()
  const maker = sim.exchange.openAccount({ makerFeeRate: '-0.0001' })
  const taker = sim.exchange.openAccount()
  for (const price of ['99000', '99500', '98000']) {
    sim.exchange.placeOrder(maker.uid, { ...BUY, price })
  }
  sim.exchange.placeOrder(taker.uid, { ...SELL, qty: '0.015', price: '98500' })
  const [made, taken] = [maker, taker].map(({ uid }) => sim.exchange.books(uid).executions)
  expect(made).toMatchObject([
    { side: 'Buy', execPrice: '99500', execQty: '0.01', execFee: '-0.0995', isMaker: true },
    { side: 'Buy', execPrice: '99000', execQty: '0.005', execFee: '-0.0495', isMaker: true },
  ])
  const match = (rows: readonly WireRow[] | undefined): unknown =>
    rows?.map((row) => [row['execId'], row['seq'], row['execTime'], row['execPrice']])
  expect(match(taken)).toEqual(match(made))
  expect(new Set(taken?.map((row) => row['seq'])).size).toBe(1)
  expect(balance(sim, maker.uid)).toBe('1000000.149')
})

test('profit, fees and balance have the digits of a real round trip', async () => {
  const sim = await start()
  const { uid } = sim.exchange.openAccount({ makerFeeRate: '0.00032' })
  const bought = sim.exchange.placeOrder(uid, { ...BUY, price: '76500' })
  sim.exchange.fillOrder(uid, bought)
  const sold = sim.exchange.placeOrder(uid, { ...SELL, price: '110000', reduceOnly: true })
  sim.exchange.fillOrder(uid, sold, { price: '76117.08' })
  expect(sim.exchange.books(uid).orders).toMatchObject([
    { cumExecValue: '765', cumExecFee: '0.2448', closedPnl: '0' },
    { avgPrice: '76117.08', cumExecFee: '0.24357466', closedPnl: '-4.31757466' },
  ])
  expect(balance(sim, uid)).toBe('999995.68242534')
  expect(position(sim, uid)).toMatchObject({
    side: '',
    size: '0',
    entryPrice: '0',
    positionValue: '',
    cumRealisedPnl: '-4.31757466',
  })
})

test('an order larger than the position reverses it, and orders that would close too much are cancelled', async () => {
  const sim = await start()
  const { uid } = sim.exchange.openAccount()
  sim.exchange.placeOrder(uid, { ...BUY, qty: '0.03' })
  const price = '101000'
  const closing = [SELL, SELL].map((order) =>
    sim.exchange.placeOrder(uid, { ...order, price, reduceOnly: true }),
  )
  const over = { ...SELL, qty: '0.02', reduceOnly: true }
  expect(() => sim.exchange.placeOrder(uid, over)).toThrow('would close more')
  sim.exchange.placeOrder(uid, { ...SELL, qty: '0.015' })
  const ended = sim.exchange.books(uid).orders.filter((row) => row['orderId'] === closing[1])
  expect(ended).toMatchObject([{ orderStatus: 'Cancelled', cancelType: 'CancelByReduceOnly' }])
  sim.exchange.placeOrder(uid, { ...SELL, qty: '0.02' })
  expect(position(sim, uid)).toMatchObject({ side: 'Sell', size: '0.005' })
  expect(sim.exchange.books(uid).executions.at(-1)).toMatchObject({
    execQty: '0.02',
    closedSize: '0.015',
    execPnl: '0',
  })
  expect(statesOf(sim, uid, closing[0] ?? '').at(-1)).toEqual(['Cancelled', '0', '0'])
})

test('hedge mode has two legs, and an untouched one is flat with seq −1', async () => {
  const sim = await start()
  const account = sim.exchange.openAccount({ positionMode: 'hedge' })
  const { uid } = account
  const client = await watch(sim, account)
  sim.exchange.placeOrder(uid, BUY)
  await client.ask({ op: 'ping' })
  expect(rowsOf(client, 'position')).toMatchObject([
    { positionIdx: 1, side: 'Buy', size: '0.01' },
    { positionIdx: 2, side: '', size: '0', seq: -1, entryPrice: '0' },
  ])
  sim.exchange.placeOrder(uid, { ...SELL, qty: '0.004' })
  expect(position(sim, uid, 2)).toMatchObject({ side: 'Sell', size: '0.004' })
  sim.exchange.placeOrder(uid, { ...SELL, qty: '0.006', positionIdx: 1, reduceOnly: true })
  expect(position(sim, uid, 1)).toMatchObject({ side: 'Buy', size: '0.004' })
  const wrong: OrderSpec[] = [
    { ...SELL, qty: '0.005', positionIdx: 1 },
    { ...BUY, positionIdx: 0 },
  ]
  for (const order of wrong) expect(() => sim.exchange.placeOrder(uid, order)).toThrow()
})

test('a cancel that comes too late reports a second Filled with the same time', async () => {
  const sim = await start()
  const { uid } = sim.exchange.openAccount()
  const orderId = sim.exchange.placeOrder(uid, { ...BUY, price: '90000' })
  sim.exchange.fillOrder(uid, orderId)
  sim.exchange.cancelOrder(uid, orderId)
  const [, first, second] = sim.exchange.books(uid).orderHistory
  expect(first).toMatchObject({ orderStatus: 'Filled', rejectReason: 'EC_NoError' })
  expect(second).toEqual({
    ...first,
    cancelType: 'CancelByUser',
    rejectReason: 'EC_OrigClOrdIDDoesNotExist',
  })
  const open = sim.exchange.placeOrder(uid, { ...BUY, price: '90000' })
  sim.exchange.cancelOrder(uid, open)
  expect(() => sim.exchange.cancelOrder(uid, open)).toThrow('is Cancelled')
})

test('a post-only order that would take, and an IOC order that finds nothing, end at once', async () => {
  const sim = await start()
  const { uid } = sim.exchange.openAccount()
  const last = (order: OrderSpec): unknown[] => {
    const orderId = sim.exchange.placeOrder(uid, order)
    const row = sim.exchange.books(uid).orders.find((one) => one['orderId'] === orderId)
    return [row?.['orderStatus'], row?.['rejectReason']]
  }
  expect(last({ ...BUY, price: '100100', timeInForce: 'PostOnly' })).toEqual([
    ...['Cancelled', 'EC_PostOnlyWillTakeLiquidity'],
  ])
  expect(last({ ...BUY, price: '99000', timeInForce: 'IOC' })).toEqual([
    ...['Cancelled', 'EC_NoImmediateQtyToFill'],
  ])
  expect(last({ ...BUY, price: '100100', timeInForce: 'IOC' })).toEqual(['Filled', 'EC_NoError'])
})

test('a conditional order waits until it is triggered or deactivated', async () => {
  const sim = await start()
  const { uid } = sim.exchange.openAccount()
  const [hit, missed] = [0, 1].map(() =>
    sim.exchange.placeOrder(uid, { ...BUY, triggerPrice: '101000' }),
  )
  sim.exchange.triggerOrder(uid, hit ?? '')
  sim.exchange.cancelOrder(uid, missed ?? '')
  const states = (orderId = ''): unknown[] => statesOf(sim, uid, orderId).map(([status]) => status)
  expect(states(hit).slice(0, 2)).toEqual(['Untriggered', 'Triggered'])
  expect(states(hit).at(-1)).toBe('Filled')
  expect(states(missed)).toEqual(['Untriggered', 'Deactivated'])
})

test('liquidation and auto-deleveraging cancel the orders and close the position', async () => {
  const sim = await start()
  for (const how of ['liquidate', 'deleverage'] as const) {
    const account = sim.exchange.openAccount()
    const { uid } = account
    sim.exchange.placeOrder(uid, BUY)
    const resting = sim.exchange.placeOrder(uid, { ...BUY, price: '90000' })
    const client = await watch(sim, account)
    sim.exchange[how](uid, { symbol: 'BTCUSDT' })
    await client.ask({ op: 'ping' })
    const isLiquidation = how === 'liquidate'
    expect(sim.exchange.books(uid).executions.at(-1)).toMatchObject({
      side: 'Sell',
      closedSize: '0.01',
      execType: isLiquidation ? 'BustTrade' : 'AdlTrade',
      createType: isLiquidation ? 'CreateByLiq' : 'CreateByAdl_PassThrough',
    })
    const row = sim.exchange.books(uid).orders.find((order) => order['orderId'] === resting)
    expect(row?.['cancelType']).toBe(isLiquidation ? 'CancelAllBeforeLiq' : 'CancelAllBeforeAdl')
    const told = rowsOf(client, 'position').map((leg) => [leg['positionStatus'], leg['size']])
    expect(told).toEqual([
      [isLiquidation ? 'Liq' : 'Adl', '0.01'],
      ['Normal', '0'],
    ])
    expect(() => sim.exchange[how](uid, { symbol: 'BTCUSDT' })).toThrow('no position')
  }
})

test('longs pay funding and shorts receive it, as executions without an order', async () => {
  const sim = await start()
  const [long, short, flat] = [0, 1, 2].map(() => sim.exchange.openAccount().uid)
  sim.exchange.placeOrder(long ?? '', BUY)
  sim.exchange.placeOrder(short ?? '', SELL)
  sim.exchange.payFunding({ symbol: 'BTCUSDT', rate: '0.00012345' })
  const paid = (uid = ''): WireRow | undefined => sim.exchange.books(uid).executions.at(-1)
  expect(paid(long)).toMatchObject({
    execType: 'Funding',
    orderType: 'UNKNOWN',
    execQty: '0.01',
    execFee: '0.12345',
    feeRate: '0.00012345',
  })
  expect(paid(short)).toMatchObject({ execType: 'Funding', execFee: '-0.12345' })
  expect(paid(flat)).toBeUndefined()
  // It has no leg in the books either, because none was ever reported.
  expect(sim.exchange.books(flat ?? '').positions).toEqual([])
  expect([balance(sim, long ?? ''), balance(sim, short ?? '')]).toEqual([
    ...['999999.32655', '999999.57345'],
  ])
})

test('an inverse position gains in its base coin; a spot fill swaps coins, its fee paid in the bought coin', async () => {
  const sim = await start({ inverse: ['BTCUSD'], spot: ['BTCUSDT'] })
  const { uid } = sim.exchange.openAccount({ balances: { BTC: '1', USDT: '1000' } })
  const category = 'inverse'
  const sell = { category, symbol: 'BTCUSD', side: 'Sell', qty: '300', price: '110000' } as const
  sim.exchange.fillOrder(uid, sim.exchange.placeOrder(uid, sell))
  const buy = { ...sell, side: 'Buy', price: '90000' } as const
  sim.exchange.fillOrder(uid, sim.exchange.placeOrder(uid, buy))
  expect(sim.exchange.books(uid).executions).toMatchObject([
    { execValue: '0.00272727', execFee: '0.00000055', execPnl: '0', feeCurrency: 'BTC' },
    { execValue: '0.00333333', execFee: '0.00000067', execPnl: '0.00060606' },
  ])
  expect(balance(sim, uid, 'BTC')).toBe('1.00060484')
  const spot = { category: 'spot', symbol: 'BTCUSDT', side: 'Buy', qty: '0.001' } as const
  sim.exchange.placeOrder(uid, spot)
  expect(sim.exchange.books(uid).executions.at(-1)).toMatchObject({
    execPrice: '100000.0',
    execFee: '0.00000055',
    feeCurrency: 'BTC',
    closedSize: '',
  })
  expect([balance(sim, uid, 'BTC'), balance(sim, uid)]).toEqual(['1.00160429', '900'])
})

test('the topics of one match come in any order, and redelivery repeats messages unchanged', async () => {
  const sim = await start()
  const account = sim.exchange.openAccount()
  const client = await watch(sim, account)
  for (let count = 0; count < 40; count++) sim.exchange.placeOrder(account.uid, BUY)
  await client.ask({ op: 'ping' })
  const told = client.texts.filter((text) => text.includes('"topic":'))
  const topics = told.map((text) => (JSON.parse(text) as { topic: string }).topic)
  for (const topic of TOPICS) {
    for (const other of TOPICS) {
      if (topic === other) continue
      expect(topics.some((name, at) => name === topic && topics[at + 1] === other)).toBe(true)
    }
  }
  expect(sim.exchange.redeliver(account.uid, { kind: 'order', count: 3 })).toBe(3)
  await client.ask({ op: 'ping' })
  const again = client.texts.filter((text) => text.includes('"topic":')).slice(told.length)
  const orders = told.filter((text) => text.includes('"topic":"order"'))
  expect(again).toEqual(orders.slice(-3))
})

test('executions of options carry volatilities, and options have no createType', async () => {
  const [option = ''] = optionSymbols('BTC', [100_000], Date.now())
  const sim = await start({ option: [option] })
  const { uid } = sim.exchange.openAccount()
  sim.exchange.placeOrder(uid, { category: 'option', symbol: option, side: 'Buy', qty: '0.01' })
  const { executions, orders, positions } = sim.exchange.books(uid)
  expect(executions[0]?.['tradeIv']).toMatch(/^\d/)
  expect([...executions, ...orders].some((row) => 'createType' in row)).toBe(false)
  expect(positions).toMatchObject([{ category: 'option', symbol: option, size: '0.01' }])
})

test('tell sends rows of any content, which do not appear in the books', async () => {
  const sim = await start()
  const { uid, keys } = sim.exchange.openAccount()
  const client = await openPrivate(sim, keys[0], 'order.linear', 'wallet')
  const rows = [{ orderId: 'x', orderStatus: 'Unheard' }]
  sim.exchange.tell(uid, { kind: 'order', category: 'linear', rows })
  await client.ask({ op: 'ping' })
  expect(rowsOf(client, 'order.linear')).toEqual(rows)
  expect(sim.exchange.books(uid).orderHistory).toEqual([])
})

test('calls within together share messages', async () => {
  const sim = await start({ symbols: ['BTCUSDT', 'ETHUSDT'], seed: 3 })
  const account = sim.exchange.openAccount()
  const client = await watch(sim, account)
  const sizes = new Set<number>()
  for (let count = 0; count < 10; count++) {
    sim.exchange.together(() => {
      sim.exchange.placeOrder(account.uid, BUY)
      sim.exchange.placeOrder(account.uid, { symbol: 'ETHUSDT', side: 'Sell', qty: '1', parts: 3 })
    })
  }
  await client.ask({ op: 'ping' })
  for (const { data } of client.frames('execution')) sizes.add((data as unknown[]).length)
  expect([...sizes].sort()).toEqual([1, 4])
  expect(new Set(client.frames('wallet').map(({ data }) => (data as unknown[]).length))).toEqual(
    new Set([1]),
  )
})

test('what the exchange would refuse throws, and changes nothing', async () => {
  const sim = await start()
  const { uid, keys } = sim.exchange.openAccount({ uid: '42' })
  const refused: (() => unknown)[] = [
    () => sim.exchange.openAccount({ uid: '42' }),
    () => sim.exchange.openAccount({ keys: [{ apiKey: keys[0]?.apiKey ?? '' }] }),
    () => sim.exchange.placeOrder('43', BUY),
    () => sim.exchange.placeOrder(uid, { ...BUY, symbol: 'NOPE' }),
    () => sim.exchange.placeOrder(uid, { ...BUY, qty: '0.0001' }),
    () => sim.exchange.placeOrder(uid, { ...BUY, qty: '0' }),
    () => sim.exchange.placeOrder(uid, { ...BUY, price: '100000.05' }),
    () => sim.exchange.placeOrder(uid, { ...BUY, price: '-1' }),
    () => sim.exchange.placeOrder(uid, { ...BUY, positionIdx: 1 }),
    () => sim.exchange.placeOrder(uid, { ...SELL, reduceOnly: true }),
    () => sim.exchange.transfer(uid, 'USDT', '1e3'),
    () => sim.exchange.startBot({ symbols: [] }),
  ]
  for (const call of refused) {
    expect(call).toThrow(expect.objectContaining({ code: 'SIM_BAD_INPUT' }))
  }
  expect(sim.exchange.books(uid)).toMatchObject({ executions: [], orders: [], orderHistory: [] })
  expect(sim.exchange.messages(uid)).toEqual([])
})

test('a dividend and a split reach every position, with their executions and ledger types', async () => {
  const sim = await start()
  const [long, short] = [sim.exchange.openAccount(), sim.exchange.openAccount()]
  sim.exchange.placeOrder(long.uid, BUY)
  sim.exchange.placeOrder(short.uid, SELL)
  const before = [long, short].map(({ uid }) => Number(balance(sim, uid)))
  sim.exchange.corporateAction({ symbol: 'BTCUSDT' }, { kind: 'dividend', amount: '12.5' })
  const after = [long, short].map(({ uid }) => Number(balance(sim, uid)))
  expect(after.map((now, index) => Math.round((now - (before[index] ?? 0)) * 1e8))).toEqual([
    12_500_000, -12_500_000,
  ])
  sim.exchange.corporateAction({ symbol: 'BTCUSDT' }, { kind: 'split', ratio: '3' })
  sim.exchange.corporateAction({ symbol: 'BTCUSDT' }, { kind: 'split', ratio: '0.5' })
  const rows = sim.exchange.books(long.uid).executions.slice(1)
  expect(rows).toMatchObject([
    { execType: 'Dividend', execQty: '0.01' },
    { execType: 'ForwardSplitSettle', execQty: '0.02' },
    { execType: 'ReverseSplitSettle', execQty: '0.015' },
  ])
  expect(position(sim, long.uid)).toMatchObject({ size: '0.015' })
  const wrong = () =>
    sim.exchange.corporateAction({ symbol: 'BTCUSDT' }, { kind: 'split', ratio: '0' })
  expect(wrong).toThrow('must be more than 0')
})

test('rows of Event Contracts come on the topics of all categories and on their own', async () => {
  const sim = await start()
  const account = sim.exchange.openAccount()
  const all = await watch(sim, account)
  const linear = await openPrivate(sim, account.keys[0], 'order.linear', 'execution.linear')
  const own = await openPrivate(
    sim,
    account.keys[0],
    'order.event',
    'execution.event',
    'position.event',
  )
  sim.exchange.buyEventContract(account.uid)
  await own.until(() => rowsOf(own, 'position.event').length === 1)
  await all.until(() => rowsOf(all, 'execution').length === 1)
  expect(rowsOf(all, 'order')).toMatchObject([{ category: 'event', ecContractType: 'UpDown' }])
  expect(rowsOf(all, 'execution')).toMatchObject([{ category: 'event', execPrice: '' }])
  expect(rowsOf(all, 'position')).toEqual([])
  expect(rowsOf(own, 'position.event')[0]).not.toHaveProperty('category')
  await linear.ask({ op: 'ping' })
  expect([rowsOf(linear, 'order.linear'), rowsOf(linear, 'execution.linear')]).toEqual([[], []])
})
