import { expect, test } from 'vitest'
import { classifyControl } from '../../src/wire/control-frame.ts'
import { parseRefusal } from '../../src/ws/subscription/refusal.ts'

const ack = { kind: 'ack', op: 'subscribe', reqId: null, ok: true, message: '', topics: null }

test.each([
  ['{"success":true,"ret_msg":"pong","conn_id":"c","req_id":"p-1","op":"ping"}', { kind: 'pong' }],
  ['{"args":["1760000000000"],"op":"pong"}', { kind: 'pong' }],
  ['{"retCode":0,"retMsg":"OK","op":"pong","data":["1"],"connId":"c"}', { kind: 'pong' }],
  ['{"success":true,"ret_msg":"","conn_id":"c","req_id":"","op":"subscribe"}', ack],
  [
    '{"success":true,"ret_msg":"subscribe","conn_id":"c","req_id":"s-1","op":"subscribe"}',
    { ...ack, reqId: 's-1', message: 'subscribe' },
  ],
  ['{"retCode":0,"retMsg":"OK","op":"auth","connId":"c"}', { ...ack, op: 'auth', message: 'OK' }],
  [
    '{"success":false,"ret_msg":"error:invalid","conn_id":"c","req_id":"s-2","op":"subscribe"}',
    { ...ack, reqId: 's-2', ok: false, message: 'error:invalid' },
  ],
  [
    '{"success":true,"conn_id":"c","data":{"failTopics":[],"successTopics":["x"]},"type":"COMMAND_RESP"}',
    { ...ack, topics: { succeeded: ['x'], failed: [] } },
  ],
  [
    '{"success":true,"conn_id":"c","data":{"failTopics":["x"],"successTopics":[]},"type":"COMMAND_RESP"}',
    { ...ack, ok: false, topics: { succeeded: [], failed: ['x'] } },
  ],
  ['{"success":false,"ret_msg":"error:invalid op","conn_id":"c","op":"foo"}', { kind: 'unknown' }],
  ['{"topic":"tickers.BTCUSDT","op":"pong"}', null],
  ['{"hello":1}', null],
])('%s', (text, expected) => {
  expect(classifyControl(JSON.parse(text) as object)).toEqual(expected)
})

test.each([
  [
    'error:already subscribed,topic:publicTrade.BTCUSDT',
    'already_subscribed',
    ['publicTrade.BTCUSDT'],
  ],
  ['error:handler not found,topic:orderbook.500.X', 'unknown_topic', ['orderbook.500.X']],
  ['Invalid symbol :[tickers.FOOUSDT]', 'unknown_topic', ['tickers.FOOUSDT']],
  ['args size >10', 'too_many_topics', []],
  ['Params Error', 'other', []],
  ['Request not authorized', 'not_permitted', []],
  ['error:Permission denied,topic:wallet', 'not_permitted', ['wallet']],
  ['', 'other', []],
])('refusal %s', (message, kind, topics) => {
  expect(parseRefusal(message)).toEqual({ kind, topics })
})
