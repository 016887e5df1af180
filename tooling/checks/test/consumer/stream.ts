import assert from 'node:assert/strict'
import { BybitPublicStream } from '@grid/bybit-adapter'

const wsUrl = process.env['SIMULATOR_URL']
assert(wsUrl)
const stream = new BybitPublicStream({
  environment: 'mainnet',
  wsUrl,
  category: 'linear',
  symbols: ['BTCUSDT'],
  channels: ['ticker', 'publicTrade'],
})
const faults: unknown[] = []
stream.on('deadLetter', (deadLetter) => faults.push(deadLetter))
const statuses: string[] = []
stream.on('status', (status) => statuses.push(status.type))
const ticker = new Promise((resolve) => stream.on('ticker', (event) => resolve(event.markPrice)))
const trade = new Promise((resolve) => stream.on('publicTrade', (event) => resolve(event.price)))
const controller = new AbortController()
await stream.start({ signal: controller.signal })
assert.match(String(await ticker), /^\d/)
assert.match(String(await trade), /^\d/)
await stream.close()
assert(statuses.length > 0)
assert.deepEqual(faults, [])
