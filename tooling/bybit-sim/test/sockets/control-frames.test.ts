import { expect, test } from 'vitest'
import { startSimulator } from '../../src/index.ts'
import { Client } from '../support/client.ts'

const quiet = { seed: 1, paused: true }

/** The reply with the connection's id replaced by X, so that whole texts can be compared. */
function masked(text: string): string {
  return text.replace(/"conn_id":"[0-9a-v]{20}-[0-9a-v]{5}"/, '"conn_id":"X"')
}

test('ping, subscribe and unsubscribe are answered with the exact recorded texts', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl)
  const replies = [
    await client.ask({ op: 'ping' }),
    await client.ask({ req_id: 'p-1', op: 'ping' }),
    await client.ask({ op: 'subscribe', args: ['publicTrade.BTCUSDT'] }),
    await client.ask({ req_id: 's-1', op: 'subscribe', args: ['tickers.ETHUSDT'] }),
    await client.ask({ req_id: 'u-1', op: 'unsubscribe', args: ['publicTrade.BTCUSDT'] }),
  ]
  expect(replies.map(masked)).toEqual([
    '{"success":true,"ret_msg":"pong","conn_id":"X","req_id":"","op":"ping"}',
    '{"success":true,"ret_msg":"pong","conn_id":"X","req_id":"p-1","op":"ping"}',
    '{"success":true,"ret_msg":"","conn_id":"X","req_id":"","op":"subscribe"}',
    '{"success":true,"ret_msg":"","conn_id":"X","req_id":"s-1","op":"subscribe"}',
    '{"success":true,"ret_msg":"","conn_id":"X","req_id":"u-1","op":"unsubscribe"}',
  ])
  expect(sim.connections()[0]?.topics).toEqual(['tickers.ETHUSDT'])
})

test('a req_id that is a number comes back as a text, as ccxt expects', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl)
  const reply = await client.ask({ op: 'subscribe', req_id: 3, args: ['tickers.BTCUSDT'] })
  expect(masked(reply)).toBe(
    '{"success":true,"ret_msg":"","conn_id":"X","req_id":"3","op":"subscribe"}',
  )
})

test('errors leave the socket open and have the exchange’s wording', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl)
  const replies = [
    await client.ask('hello'),
    await client.ask({ req_id: 'd', op: 'dance' }),
    await client.ask({ req_id: 's', op: 'subscribe', args: ['orderbook.500.BTCUSDT'] }),
    await client.ask({ req_id: 'l', op: 'subscribe', args: ['tickers.btcusdt'] }),
  ]
  expect(replies.map(masked)).toEqual([
    expect.stringContaining('"ret_msg":"Failed to decode incoming data:readObjectStart'),
    '{"success":false,"ret_msg":"error:invalid op","conn_id":"X","req_id":"d","op":"dance"}',
    '{"success":false,"ret_msg":"error:handler not found,topic:orderbook.500.BTCUSDT","conn_id":"X","req_id":"s","op":"subscribe"}',
    '{"success":false,"ret_msg":"error:handler not found,topic:tickers.btcusdt","conn_id":"X","req_id":"l","op":"subscribe"}',
  ])
  expect(await client.ask({ op: 'ping' })).toContain('pong')
})

test('one bad topic voids the whole subscribe, and the refusal names the first', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl)
  await client.subscribe('publicTrade.BTCUSDT')
  const unknown = await client.subscribe('tickers.ETHUSDT', 'tickers.NOPE', 'tickers.ALSONOT')
  expect(unknown).toContain('"error:handler not found,topic:tickers.NOPE"')
  const duplicate = await client.subscribe('tickers.ETHUSDT', 'publicTrade.BTCUSDT')
  expect(duplicate).toContain('"error:already subscribed,topic:publicTrade.BTCUSDT"')
  const twice = await client.subscribe('tickers.ETHUSDT', 'tickers.ETHUSDT')
  expect(twice).toContain('"error:already subscribed,topic:tickers.ETHUSDT"')
  expect(sim.connections()[0]?.topics).toEqual(['publicTrade.BTCUSDT'])
  sim.tick('ETHUSDT', { markPrice: '1.00' })
  await client.ask({ op: 'ping' })
  expect(client.frames('tickers.ETHUSDT')).toEqual([])
})

test('the limit of topic characters counts over all requests, and unsubscribing gives none back', async () => {
  await using sim = await startSimulator({ ...quiet, rules: { maxArgsLength: 40 } })
  const client = await Client.open(sim.wsUrl)
  expect(await client.subscribe('publicTrade.BTCUSDT')).toContain('"success":true')
  await client.ask({ op: 'unsubscribe', args: ['publicTrade.BTCUSDT'] })
  expect(await client.subscribe('publicTrade.BTCUSDT')).toContain('"success":true')
  expect(await client.subscribe('tickers.BTCUSDT')).toContain('"error:args length exceeds limit"')
})

test('a ticker subscription opens with the complete state, a trade subscription with nothing', async () => {
  await using sim = await startSimulator(quiet)
  const client = await Client.open(sim.wsUrl)
  sim.trade({ symbol: 'BTCUSDT' })
  await client.subscribe('publicTrade.BTCUSDT', 'tickers.BTCUSDT')
  await client.ask({ op: 'ping' })
  expect(client.frames('publicTrade.BTCUSDT')).toEqual([])
  const [snapshot] = client.frames('tickers.BTCUSDT')
  expect(snapshot).toMatchObject({ type: 'snapshot', data: { preOpenPrice: '', preQty: '' } })
})

test('an unknown path is HTTP 404', async () => {
  await using sim = await startSimulator(quiet)
  await expect(Client.open(sim.wsUrl, '/v5/public/nope')).rejects.toThrow('404')
})
