import { expect, it } from 'vitest'
import { isShownText } from '../../src/config/shown-text.ts'

it.each([
  ['a secret of the exchange', 'aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5'],
  ['one among names', 'localhost,aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5'],
  ['a key of 32 bytes', Buffer.alloc(32, 200).toString('base64')],
  ['a line of a file of passwords', 'host:5432:db:me:hunter2'],
  ['one that fits all', '*:*:*:*:hunter2'],
  ['a URL with a password', 'postgres://me:secret@host/db'],
])('a message does not show %s', (_, text) => {
  expect(isShownText(text)).toBe(false)
})

it.each([
  'BTCUSDT-26JUN26-100000-C-USDT',
  '1000000BABYDOGEUSDT',
  'b3f6c1d2-0f0e-4a5b-9c8d-7e6f5a4b3c2d',
  'trace',
  'linear:BTCUSDT,spot:ETHUSDT',
  '127.0.0.1:99999',
  '/var/lib/event-saver/grid',
])('a message shows %s', (text) => {
  expect(isShownText(text)).toBe(true)
})
