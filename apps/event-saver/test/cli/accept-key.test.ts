import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startSimulator } from '@grid/bybit-sim'
import { Secret } from '@grid/core-events'
import { expect, it, onTestFinished } from 'vitest'
import { acceptKey } from '../../src/cli/account/accept-key.ts'
import { loadTestConfig } from '../support/rig.ts'

const URL_OF_NO_USE = 'postgres://127.0.0.1:1/none'

/** The permissions of a key that may read some of the market. */
const ONLY = {
  ContractTrade: [],
  Spot: [],
  Options: [],
  Derivatives: [],
  Exchange: [],
  Earn: [],
  Wallet: ['AccountTransfer'],
}

/** What is told of a key with these permissions, where these categories are captured. */
async function tellOf(
  permissions: Partial<Record<keyof typeof ONLY, readonly string[]>>,
  categories?: string,
) {
  await using sim = await startSimulator({ seed: 4, symbols: ['BTCUSDT'] })
  const { uid } = sim.exchange.openAccount()
  const { apiKey, secret } = sim.exchange.createKey(uid, {
    permissions: { ...ONLY, ...permissions },
    ips: ['127.0.0.1'],
  })
  const config = loadTestConfig(sim.wsUrl, URL_OF_NO_USE, {
    EVENTSAVER_REST_URL: sim.restUrl,
    ...(categories === undefined ? {} : { EVENTSAVER_ACCOUNT_CATEGORIES: categories }),
  })
  return await acceptKey(config, { apiKey, secret: new Secret(secret), keyType: 'hmac' })
}

it('a key that may read some of the categories is taken, and what it cannot read is told', async () => {
  expect(await tellOf({ ContractTrade: ['Order', 'Position'] })).toEqual([
    expect.stringMatching(
      /^the key cannot read spot orders, spot executions, option positions, option orders, option executions \(PERMISSION_DENIED\): .*EVENTSAVER_ACCOUNT_CATEGORIES$/,
    ),
  ])
})

it('a key is tested for the categories that are captured, and for no others', async () => {
  expect(await tellOf({ Spot: ['SpotTrade'] }, 'spot')).toEqual([])
  await expect(tellOf({ Spot: ['SpotTrade'] }, 'linear,option')).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    exitCode: 3,
    message: expect.stringContaining('linear positions'),
  })
})

it('an exchange that restarts says nothing about a key', async () => {
  const server = createServer((request, response) => {
    const time = Date.now()
    const isClock = request.url?.startsWith('/v5/market/time') === true
    const result = isClock ? { timeNano: `${time}000000` } : {}
    const retCode = isClock ? 0 : 10016
    response.end(JSON.stringify({ retCode, retMsg: 'Server error', result, time }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const restUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const config = loadTestConfig('ws://127.0.0.1:1', URL_OF_NO_USE, { EVENTSAVER_REST_URL: restUrl })
  const key = {
    apiKey: 'k'.repeat(17),
    secret: new Secret('s'.repeat(36)),
    keyType: 'hmac',
  } as const
  await expect(acceptKey(config, key)).rejects.toMatchObject({
    code: 'EXCHANGE_UNREACHABLE',
    exitCode: 75,
    message: expect.stringContaining('10016'),
  })
})
