import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { Secret } from '../../src/index.ts'

const CANARY = 'CANARY-6f1d2a3b0c4d5e6f'

test('only reveal shows a secret', () => {
  const secret = new Secret(CANARY)
  const holder = { secret, list: [secret], map: new Map([[secret, secret]]) }
  const error = Object.assign(new Error(`of ${secret}`, { cause: secret }), { secret })
  const shown = [
    `${secret}`,
    `${secret}x`,
    String(secret),
    JSON.stringify({ ...holder, error }),
    inspect(holder, { showHidden: true, depth: null, customInspect: true }),
    inspect(holder, { showHidden: true, depth: null, customInspect: false }),
    inspect(error, { showHidden: true, depth: null }),
    format('%s %o %j %O', secret, secret, secret, secret),
    Object.values(secret).join(),
    Reflect.ownKeys(secret).join(),
    inspect(structuredClone(Object.assign(Object.create(null), { secret }))),
  ]
  for (const text of shown) expect(text).not.toContain(CANARY)
  expect(secret.reveal()).toBe(CANARY)
})
