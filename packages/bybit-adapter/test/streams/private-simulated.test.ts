import { generateKeyPairSync } from 'node:crypto'
import {
  type AccountInfo,
  type ApiKeySpec,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '@grid/bybit-sim'
import { eventKey, type PrivateEvent } from '@grid/core-events'
import { expect, onTestFinished, test } from 'vitest'
import {
  BybitPrivateRestClient,
  BybitPrivateStream,
  ConnectionBudget,
  type Credentials,
  type KeyFaultCode,
  type PrivateStreamOptions,
  type PrivateStreamStatus,
  RateLimiter,
} from '../../src/index.ts'
import { ACCOUNT_ID } from '../support/signed-hand.ts'
import { until } from '../support/until.ts'

/** The real timings, more than ten times as fast. */
const TIMINGS = {
  pingIntervalMs: 400,
  pongTimeoutMs: 400,
  gapPadMs: 100,
  backoffBaseMs: 50,
  backoffCapMs: 200,
  loginTimeoutMs: 500,
  keyCheckMs: 500,
  keyRetryBaseMs: 300,
  keyRetryCapMs: 300,
} as const

async function simulate(options: SimulatorOptions = {}): Promise<Simulator> {
  const sim = await startSimulator({ seed: 7, tradesPerSecond: 0, ...options })
  onTestFinished(() => sim.stop())
  return sim
}

function credentialsOf({ keys: [key] }: AccountInfo): Credentials {
  if (key === undefined) throw new Error('the account has no key')
  return { apiKey: key.apiKey, secret: key.secret }
}

class Capture {
  readonly stream: BybitPrivateStream
  readonly client: BybitPrivateRestClient
  readonly events: PrivateEvent[] = []
  readonly statuses: PrivateStreamStatus[] = []

  constructor(sim: Simulator, credentials: Credentials, options: Partial<PrivateStreamOptions>) {
    const account = {
      accountId: ACCOUNT_ID,
      credentials,
      restUrl: sim.restUrl,
      limiter: new RateLimiter(),
    }
    this.stream = new BybitPrivateStream({
      ...account,
      wsUrl: sim.wsUrl,
      budget: new ConnectionBudget({ perSecond: 1_000 }),
      timings: TIMINGS,
      ...options,
    })
    this.client = new BybitPrivateRestClient(account)
    this.stream.on('normalized', ({ events }) => this.events.push(...events))
    this.stream.on('status', (status) => this.statuses.push(status))
    onTestFinished(() => this.stream.close())
  }

  all<Type extends PrivateStreamStatus['type']>(
    type: Type,
  ): Extract<PrivateStreamStatus, { type: Type }>[] {
    return this.statuses.filter(
      (status): status is Extract<PrivateStreamStatus, { type: Type }> => status.type === type,
    )
  }

  async told(type: PrivateStreamStatus['type'], times = 1): Promise<void> {
    await until(`${times} × ${type}`, () => this.all(type).length >= times)
  }

  get executionIds(): Set<string> {
    const ids = this.events.flatMap((event) => (event.channel === 'execution' ? event.execId : []))
    return new Set(ids)
  }
}

function capture(
  sim: Simulator,
  account: AccountInfo,
  options: Partial<PrivateStreamOptions> = {},
): Capture {
  return new Capture(sim, credentialsOf(account), options)
}

function executionIds(sim: Simulator, uid: string): Set<string> {
  return new Set(sim.exchange.books(uid).executions.map(({ execId }) => String(execId)))
}

test('the events of two accounts arrive complete and separate, and equal those of REST', async () => {
  const sim = await simulate({ accounts: 2, fillsPerSecond: 80, paused: true })
  const pairs = sim.exchange.accounts().map((account) => ({
    uid: account.uid,
    captured: capture(sim, account),
  }))
  await Promise.all(pairs.map(({ captured }) => captured.stream.start()))
  sim.resume()
  await until('some trading', () => pairs.every(({ uid }) => executionIds(sim, uid).size > 40))
  sim.exchange.stopBot()
  for (const { captured, uid } of pairs) {
    const expected = executionIds(sim, uid)
    await until('the last ones', () => captured.executionIds.size >= expected.size)
    expect(captured.executionIds).toEqual(expected)
    const channels = new Set(captured.events.map(({ channel }) => channel))
    expect(channels).toEqual(new Set(['execution', 'order', 'position', 'wallet']))
    const query = { category: 'linear', from: Date.now() - 60_000 } as const
    const { items, end } = await captured.client.executions(query).all()
    expect(end).toBe('last_page')
    expect(new Set(items.map(({ execId }) => execId))).toEqual(expected)
    const live = new Map(captured.events.map((event) => [eventKey(event), event]))
    for (const item of items) {
      // Values that REST does not have, and those that say where an event came from.
      const { source, localTsUs, execPnl, isLeverage, ...told } = item
      expect(live.get(eventKey(item))).toMatchObject(told)
    }
  }
})

test('everything that a lost connection missed lies in the reported gap, and REST has it', async () => {
  const sim = await simulate({ accounts: 1, fillsPerSecond: 60, paused: true })
  const [account] = sim.exchange.accounts()
  if (account === undefined) throw new Error('no account')
  const captured = capture(sim, account)
  await captured.stream.start()
  sim.resume()
  await until('some trading', () => executionIds(sim, account.uid).size > 20)
  await sim.fault({ kind: 'close', abrupt: true, lossy: true })
  await captured.told('gap', 4)
  await until('more of it', () => executionIds(sim, account.uid).size > 80)
  sim.exchange.stopBot()
  const gaps = captured.all('gap').map(({ gap }) => gap)
  expect(new Set(gaps.map(({ channel }) => channel)).size).toBe(4)
  const [gap] = gaps.filter(({ channel }) => channel === 'execution')
  if (gap === undefined) throw new Error('no gap')
  const query = { category: 'linear', from: gap.startTs, to: gap.endTs } as const
  const { items } = await captured.client.executions(query).all()
  const expected = executionIds(sim, account.uid)
  const together = (): Set<string> =>
    new Set([...captured.executionIds, ...items.map(({ execId }) => execId)])
  await until('all of it', () => together().size >= expected.size)
  expect(together()).toEqual(expected)
})

test.each([300_000, -300_000])(
  'an exchange whose clock is %d ms off lets socket and REST in',
  async (offsetMs) => {
    const sim = await simulate({ accounts: 1 })
    await sim.fault({ kind: 'clock-offset', offsetMs })
    const [account] = sim.exchange.accounts()
    const captured = capture(sim, account as AccountInfo)
    await captured.stream.start()
    await expect(captured.client.apiKeyInfo()).resolves.toMatchObject({ isReadOnly: true })
    const [{ clockOffsetMs } = {}] = captured.all('authenticated')
    expect(Math.abs((clockOffsetMs ?? 0) - offsetMs)).toBeLessThan(500)
    // The exchange's clock is set right while the connection lives: the next login must notice.
    await sim.fault({ kind: 'clock-offset', offsetMs: 0 })
    await sim.fault({ kind: 'close', abrupt: true })
    await captured.told('live', 8)
    expect(captured.all('key_refused')).toEqual([])
  },
)

test.each<[code: KeyFaultCode, key: ApiKeySpec, wrong?: Partial<Credentials>]>([
  ['API_KEY_INVALID', {}, { apiKey: 'NOSUCHKEY' }],
  ['SIGNATURE_INVALID', {}, { secret: 'CANARY-WRONG' }],
  ['API_KEY_EXPIRED', { expiresAt: 1_700_000_000_000 }],
  ['IP_NOT_ALLOWED', { ips: ['192.0.2.1'] }],
  ['PERMISSION_DENIED', { permissions: {} }],
])('a key that is %s is told so, and another account is not touched', async (code, key, wrong) => {
  const sim = await simulate({ accounts: 1 })
  const [healthy] = sim.exchange.accounts()
  const account = sim.exchange.openAccount({ keys: [key] })
  const other = capture(sim, healthy as AccountInfo)
  const credentials = { ...credentialsOf(account), ...wrong } as Credentials
  const captured = new Capture(sim, credentials, {})
  void captured.stream.start().catch(() => {})
  await captured.told('key_refused')
  expect(captured.stream.keyRefusal).toMatchObject({ code })
  await other.stream.start()
  expect(other.stream.keyRefusal).toBeNull()
})

test.each([true, false])(
  'a key revoked while connected is reported (the exchange hangs up: %s)',
  async (closeRevoked) => {
    const sim = await simulate({ accounts: 1, rules: { closeRevoked } })
    const [account] = sim.exchange.accounts()
    const captured = capture(sim, account as AccountInfo)
    await captured.stream.start()
    sim.exchange.revokeKey(account?.keys[0]?.apiKey ?? '')
    await captured.told('key_refused')
    expect(captured.stream.keyRefusal).toMatchObject({ code: 'API_KEY_REVOKED' })
  },
)

test('an RSA key, a key that may not read the wallet, and a repaired key', async () => {
  const sim = await simulate({ accounts: 0 })
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const rsa = sim.exchange.openAccount({ keys: [{ rsaPublicKey: publicKey }] })
  const signed = new Capture(sim, { apiKey: rsa.keys[0]?.apiKey ?? '', privateKey }, {})
  await signed.stream.start()
  await expect(signed.client.accountInfo()).resolves.toMatchObject({ unifiedMarginStatus: 6 })

  const permissions = { ContractTrade: ['Order', 'Position'] }
  const partial = capture(sim, sim.exchange.openAccount({ keys: [{ permissions }] }))
  await partial.stream.start()
  expect(partial.all('refused')).toMatchObject([{ topic: 'wallet', code: 'PERMISSION_DENIED' }])
  await expect(partial.client.walletBalance()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })

  const account = sim.exchange.openAccount({ keys: [{ expiresAt: 1_700_000_000_000 }] })
  const expired = capture(sim, account)
  const started = expired.stream.start()
  await expired.told('key_refused')
  const [key] = account.keys
  sim.exchange.changeKey(key?.apiKey ?? '', { expiresAt: null })
  await started
  expect(expired.stream.keyRefusal).toBeNull()
})

test('logins that are refused once, unanswered, or answered late end in a live stream', async () => {
  const sim = await simulate({ accounts: 1 })
  const [account] = sim.exchange.accounts()
  await sim.fault({ kind: 'auth', how: 'refuse', retMsg: 'Params Error' })
  const captured = capture(sim, account as AccountInfo)
  await captured.stream.start()
  await sim.fault({ kind: 'auth', how: 'drop' })
  await sim.fault({ kind: 'close', abrupt: true })
  await captured.told('live', 8)
  await sim.fault({ kind: 'auth', how: 'late', delayMs: 200 })
  await sim.fault({ kind: 'close', abrupt: true })
  await captured.told('live', 12)
  expect(captured.all('key_refused')).toEqual([])
})

test('a half-open connection is found by its missing pong', async () => {
  const sim = await simulate({ accounts: 1 })
  const [account] = sim.exchange.accounts()
  const captured = capture(sim, account as AccountInfo)
  await captured.stream.start()
  await sim.fault({ kind: 'half-open' })
  await captured.told('stale')
  await captured.told('gap', 4)
  expect(captured.all('gap').every(({ gap }) => gap.reason === 'stale')).toBe(true)
})

test.each(['html', '502', 'reset', 'limited'] as const)(
  'with REST sometimes answering %s, no execution is lost',
  async (how) => {
    const sim = await simulate({ accounts: 1, fillsPerSecond: 400, paused: true })
    const [account] = sim.exchange.accounts()
    const { client } = capture(sim, account as AccountInfo)
    const uid = account?.uid ?? ''
    sim.resume()
    await until('several pages', () => executionIds(sim, uid).size > 220)
    sim.exchange.stopBot()
    await sim.fault({ kind: 'rest', how, path: '/v5/execution/list', count: 2 })
    const query = { category: 'linear', from: Date.now() - 60_000 } as const
    const { items, end } = await client.executions(query).all()
    expect(end).toBe('last_page')
    expect(new Set(items.map(({ execId }) => execId))).toEqual(executionIds(sim, uid))
  },
)

test.each([
  ['empty-page', 'empty_page'],
  ['repeat-cursor', 'no_progress'],
] as const)('REST that answers with %s says that more may be missing', async (how, end) => {
  const sim = await simulate({ accounts: 1, fillsPerSecond: 400, paused: true })
  const [account] = sim.exchange.accounts()
  const { client } = capture(sim, account as AccountInfo)
  sim.resume()
  await until('several pages', () => executionIds(sim, account?.uid ?? '').size > 220)
  sim.exchange.stopBot()
  await sim.fault({ kind: 'rest', how, path: '/v5/execution/list', count: 3 })
  const query = { category: 'linear', from: Date.now() - 60_000 } as const
  await expect(client.executions(query).all()).resolves.toMatchObject({ end })
})

test('orders, positions, wallet, ledger and closed profits of an account agree with its books', async () => {
  const sim = await simulate({ accounts: 1, fillsPerSecond: 100, paused: true })
  const [account] = sim.exchange.accounts()
  const { client } = capture(sim, account as AccountInfo)
  const uid = account?.uid ?? ''
  sim.resume()
  await until('some trading', () => executionIds(sim, uid).size > 100)
  sim.exchange.stopBot()
  const books = sim.exchange.books(uid)
  const from = Date.now() - 60_000
  const open = await client.openOrders({ category: 'linear', settleCoin: 'USDT' }).all()
  const closed = await client.orderHistory({ category: 'linear', from }).all()
  const told = new Map([...open.items, ...closed.items].map((order) => [order.orderId, order]))
  expect(told.size).toBe(books.orders.length)
  for (const { orderId, orderStatus, cumExecQty, avgPrice } of books.orders) {
    const order = told.get(String(orderId))
    expect([order?.orderStatus, order?.cumExecQty, order?.avgPrice ?? '']).toEqual([
      orderStatus,
      cumExecQty,
      avgPrice,
    ])
  }
  const positions = await client.positions({ category: 'linear', settleCoin: 'USDT' }).all()
  const legs = books.positions.filter(({ size }) => size !== '0')
  const legOf = ({ symbol, positionIdx, size }: { [Name in string]: unknown }): string =>
    `${symbol} ${positionIdx} ${size}`
  expect(new Set(positions.items.map((leg) => legOf({ ...leg })))).toEqual(new Set(legs.map(legOf)))
  const wallet = await client.walletBalance()
  const [usdt] = wallet.items.filter(({ coin }) => coin === 'USDT')
  const coins = books.wallet['coin'] as { coin: string; walletBalance: string }[]
  const balance = coins.find(({ coin }) => coin === 'USDT')?.walletBalance
  expect(usdt?.walletBalance).toBe(balance)
  const ledger = await client.transactionLog({ from }).all()
  expect(ledger.deadLetters).toEqual([])
  expect(ledger.items.some(({ cashBalance }) => cashBalance === balance)).toBe(true)
  const trades = ledger.items.filter(({ type }) => type === 'TRADE')
  const ids = executionIds(sim, uid)
  expect(trades.length).toBeGreaterThan(50)
  expect(trades.every(({ tradeId }) => ids.has(tradeId))).toBe(true)
  const pnl = await client.closedPnl({ category: 'linear', from }).all()
  expect([pnl.deadLetters, pnl.end]).toEqual([[], 'last_page'])
})
