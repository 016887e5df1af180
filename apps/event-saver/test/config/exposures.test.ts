import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountHostsFault } from '../../src/accounts/rest/account-hosts.ts'
import { type ConfigInput, loadConfig } from '../../src/config/load.ts'
import { runCli } from '../support/cli.ts'
import { TEST_CERTIFICATE, TEST_KEY } from '../support/refusing-server.ts'

const KEYS = `k:${Buffer.alloc(32, 7).toString('base64')}`
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'grid-exposures-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function load(input: Partial<ConfigInput>) {
  const result = loadConfig({ flags: {}, env: {}, cwd: folder, ...input })
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result
}

function file(name: string, content: string, mode: number): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

describe('a secret that others can read', () => {
  it('is a password on the command line', () => {
    const flags = { databaseUrl: 'postgres://u:canary-1@h/d' }
    const [found, ...more] = load({ flags }).exposures
    expect(found?.code).toBe('PASSWORD_ON_COMMAND_LINE')
    expect(found?.message).toMatch(/--database-url .* EVENTSAVER_DATABASE_URL_FILE/)
    expect(JSON.stringify([found, more])).not.toContain('canary-1')
    const inQuery = { databaseUrl: 'postgres://u@h/d?password=canary-1' }
    expect(load({ flags: inQuery }).exposures).toHaveLength(1)
    expect(load({ flags: { databaseUrl: 'postgres://u@h/d' } }).exposures).toEqual([])
    expect(load({ env: { EVENTSAVER_DATABASE_URL: flags.databaseUrl } }).exposures).toEqual([])
  })

  it.each([
    [0o600, 0],
    [0o400, 0],
    [0o640, 1],
    [0o604, 1],
    [0o644, 1],
    [0o602, 1],
  ])('is in a file of mode %o: %d warnings', (mode, count) => {
    const keys = file('keys', KEYS, mode)
    const { exposures } = load({ env: { EVENTSAVER_ENCRYPTION_KEYS_FILE: keys } })
    expect(exposures).toHaveLength(count)
    for (const { code, message } of exposures) {
      expect(code).toBe('SECRET_FILE_OPEN')
      expect(message).toContain(`chmod 600 ${keys}`)
    }
  })

  it('is in a file of settings with a password or keys, and in no other', () => {
    const secret = file('secret.json', JSON.stringify({ encryptionKeys: KEYS }), 0o644)
    expect(load({ file: secret }).exposures.map(({ code }) => code)).toEqual(['SECRET_FILE_OPEN'])
    const url = file('url.json', JSON.stringify({ databaseUrl: 'postgres://u:p@h/d' }), 0o644)
    expect(load({ file: url }).exposures).toHaveLength(1)
    const plain = file('plain.json', JSON.stringify({ databaseUrl: 'postgres://u@h/d' }), 0o644)
    expect(load({ file: plain }).exposures).toEqual([])
  })

  it('is the private key of a client of the database', () => {
    const key = file('client +1.key', TEST_KEY, 0o640)
    const certificate = file('client.crt', TEST_CERTIFICATE, 0o644)
    const query = `sslcert=${certificate}&sslkey=client%20%2B1.key`
    const url = file('url', `postgres://grid@h/d?${query}`, 0o600)
    const { exposures } = load({ env: { EVENTSAVER_DATABASE_URL_FILE: url } })
    expect(exposures.map(({ message }) => message)).toEqual([
      expect.stringContaining(`chmod 600 ${key}`),
    ])
    chmodSync(key, 0o600)
    expect(load({ env: { EVENTSAVER_DATABASE_URL_FILE: url } }).exposures).toEqual([])
  })

  it('is warned of by every command', async () => {
    const { code, stderr } = await runCli(['config', '--database-url', 'postgres://u:canary-2@h/d'])
    expect(code).toBe(0)
    expect(stderr).toMatch(/^event-saver: warning PASSWORD_ON_COMMAND_LINE: /)
    expect(stderr).not.toContain('canary-2')
  })
})

describe('accounts', () => {
  const wss = 'wss://exchange.example'
  const https = 'https://exchange.example'
  it.each([
    [undefined, undefined, 'false', null],
    [wss, https, 'false', null],
    ['ws://127.0.0.1:9001', 'http://localhost:9002', 'false', null],
    ['ws://[::1]:9001', 'http://127.8.9.1:9002', 'false', null],
    [wss, undefined, 'false', 'REST_URL_MISSING'],
    ['ws://exchange.example', https, 'false', 'HOST_NOT_ENCRYPTED'],
    [wss, 'http://exchange.example', 'false', 'HOST_NOT_ENCRYPTED'],
    [wss, 'http://10.0.0.7', 'false', 'HOST_NOT_ENCRYPTED'],
    ['ws://localhost.evil.example', https, 'false', 'HOST_NOT_ENCRYPTED'],
    ['WS://exchange.example', https, 'false', 'HOST_NOT_ENCRYPTED'],
    ['ws://exchange.example', 'http://exchange.example', 'true', null],
  ])('at %j and %j, with plain accounts %s: %s', (wsUrl, restUrl, plain, code) => {
    const { config } = load({
      env: {
        ...(wsUrl === undefined ? {} : { EVENTSAVER_WS_URL: wsUrl }),
        ...(restUrl === undefined ? {} : { EVENTSAVER_REST_URL: restUrl }),
        EVENTSAVER_PLAIN_ACCOUNTS: plain,
      },
    })
    expect(accountHostsFault(config)?.code ?? null).toBe(code)
  })
})
