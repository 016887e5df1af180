import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { startSimulator, TICKER_KEYS } from '../src/index.ts'
import { Client, type DataMessage } from './client.ts'

const folder =
  process.env['GRID_FIXTURES'] ?? resolve(import.meta.dirname, '../../../../shared/fixtures/bybit')

function recorded(name: string): DataMessage[] {
  return readFileSync(resolve(folder, 'live', name), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DataMessage)
}

/** Names at every level in their order; of lists, those of the first item. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return [shape(value[0])]
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.entries(value).map(([name, inner]) => [name, shape(inner)])
}

test('frames have the keys, the key order and the types of real ones', async (context) => {
  if (!existsSync(folder)) context.skip(`no recorded messages in ${folder}`)
  await using sim = await startSimulator({ seed: 1, paused: true })
  const client = await Client.open(sim.wsUrl)
  await client.subscribe('publicTrade.BTCUSDT', 'tickers.BTCUSDT')
  sim.trade({ symbol: 'BTCUSDT' })
  const deltas = recorded('ws_tickers_linear.ndjson').filter((m) => m.type === 'delta')
  for (const { data } of deltas) {
    const values = Object.entries(data as Record<string, string>)
    sim.tick(
      'BTCUSDT',
      Object.fromEntries(values.filter(([key]) => TICKER_KEYS.some((known) => known === key))),
    )
  }
  await client.ask({ op: 'ping' })
  const [snapshot, ...rest] = client.frames('tickers.BTCUSDT')
  const real = recorded('ws_tickers_linear.ndjson').find((m) => m.type === 'snapshot')
  expect(shape(snapshot)).toEqual(shape(real))
  expect(rest.map(shape)).toEqual(deltas.map(shape))
  const [trade] = client.frames('publicTrade.BTCUSDT')
  expect(shape(trade)).toEqual(shape(recorded('ws_publicTrade_linear.ndjson')[0]))
})

test('control frames have the keys and the key order of real ones', async (context) => {
  if (!existsSync(folder)) context.skip(`no recorded messages in ${folder}`)
  await using sim = await startSimulator({ seed: 1, paused: true })
  const client = await Client.open(sim.wsUrl)
  const pong: unknown = JSON.parse(await client.ask({ op: 'ping' }))
  const ack: unknown = JSON.parse(await client.subscribe('tickers.BTCUSDT'))
  const real = recorded('ws_control.ndjson').map(shape)
  expect(real).toContainEqual(shape(pong))
  expect(real).toContainEqual(shape(ack))
})
