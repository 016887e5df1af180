import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { startSimulator } from '@grid/bybit-sim'
import { CATEGORIES } from '@grid/core-events'
import { migrate } from '@grid/db'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { ownDatabase } from '../support/rig.ts'

const newKeys = (id: string) => `${id}:${randomBytes(32).toString('base64')}`

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `account` commands in this process, and keeps everything that they print. */
class Shell {
  readonly env: Record<string, string>
  printed = ''

  constructor(env: Record<string, string>) {
    this.env = env
  }

  async run(
    args: readonly string[],
    stdin: NodeJS.ReadableStream & { isTTY?: boolean } = Readable.from([]),
  ): Promise<Outcome> {
    let stdout = ''
    let stderr = ''
    const code = await runProgram({
      argv: ['account', ...args],
      env: this.env,
      cwd: tmpdir(),
      out: (text) => {
        stdout += text
      },
      err: (text) => {
        stderr += text
      },
      stdin,
    })
    this.printed += stdout + stderr
    return { code, stdout, stderr }
  }
}

async function rig() {
  const database = await ownDatabase()
  const sim = await startSimulator({ seed: 4, symbols: ['BTCUSDT'] })
  await migrate(database.db, { environment: 'custom:127.0.0.1' })
  const shell = new Shell({
    EVENTSAVER_DATABASE_URL: database.url,
    EVENTSAVER_WS_URL: sim.wsUrl,
    EVENTSAVER_REST_URL: sim.restUrl,
    EVENTSAVER_ENCRYPTION_KEYS: newKeys('a'),
  })
  return {
    db: database.db,
    sim,
    shell,
    async [Symbol.asyncDispose]() {
      await sim[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** An account of the simulator, and its first key. */
function openAccount({ sim }: Awaited<ReturnType<typeof rig>>) {
  const { keys } = sim.exchange.openAccount()
  const [key] = keys
  if (key === undefined) throw new Error('the account has no key')
  return key
}

/** A key without any right. */
function powerless({ sim }: Awaited<ReturnType<typeof rig>>): readonly [string, string] {
  const [key] = sim.exchange.openAccount({ keys: [{ permissions: {} }] }).keys
  if (key === undefined) throw new Error('the account has no key')
  return [key.apiKey, key.secret]
}

describe('event-saver account', () => {
  it('adds, shows, disables, enables, rotates and removes accounts', async () => {
    await using setting = await rig()
    const { shell } = setting
    const first = openAccount(setting)
    const add = ['add', 'main', '--user', 'alice', '--api-key', first.apiKey]
    const added = await shell.run(add, Readable.from([`${first.secret}\n`]))
    expect(added).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^event-saver: WARNING: the key is bound to no address.*\n$/),
    })
    expect(added.stdout).toMatch(
      /^added alice\/main {2}enabled {2}custom:127\.0\.0\.1 {2}[0-9a-f-]{36}\n$/,
    )
    expect(await shell.run(add, Readable.from([first.secret]))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('ALREADY_EXISTS'),
    })
    // Another user may use the name.
    const second = openAccount(setting)
    const other = ['add', 'main', '--user', 'bob', '--api-key', second.apiKey, '--secret-file', '-']
    expect((await shell.run(other, Readable.from([second.secret]))).code).toBe(0)

    const list = await shell.run(['list', '--json'])
    expect(JSON.parse(list.stdout)).toMatchObject([
      { username: 'alice', accountName: 'main', status: 'enabled' },
      { username: 'bob', accountName: 'main', status: 'enabled' },
    ])
    expect(await shell.run(['show', 'main'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('ACCOUNT_AMBIGUOUS'),
    })
    const alice = ['main', '--user', 'alice']
    expect((await shell.run(['disable', ...alice])).stdout).toContain('alice/main  disabled')
    expect((await shell.run(['enable', ...alice])).stdout).toContain('alice/main  enabled')

    const folder = await mkdtemp(join(tmpdir(), 'grid-secret-'))
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    })
    const rsa = setting.sim.exchange.createKey(first.uid, { rsaPublicKey: publicKey })
    await writeFile(join(folder, 'key.pem'), privateKey)
    const file = ['--api-key', rsa.apiKey, '--secret-file', join(folder, 'key.pem')]
    expect((await shell.run(['rotate', ...alice, ...file])).stdout).toContain(
      `${rsa.apiKey}  rsa  active`,
    )
    const shown = await shell.run(['show', ...alice])
    expect(shown.stdout).toContain(`${first.apiKey}  hmac  replaced`)
    expect((await shell.run(['test', ...alice])).code).toBe(0)
    // A program may have stored any text as a key.
    await sql`update api_credentials set api_key_id = ${'k\u001b[2J\nk'} where not is_active`.execute(
      setting.db,
    )
    expect((await shell.run(['show', ...alice])).stdout).toContain('key k\\u001b[2J\\u000ak  hmac')

    expect((await shell.run(['remove', ...alice])).stdout).toContain('alice/main  removed')
    expect(await shell.run(['test', ...alice])).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/CREDENTIAL_MISSING: .*removed: add it again with account add/),
    })
    for (const command of [['rotate', ...file], ['enable'], ['disable'], ['remove']]) {
      const [verb = '', ...more] = command
      expect(await shell.run([verb, ...alice, ...more])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/NOT_FOUND: .*removed: add it again with account add/),
      })
    }
    await rm(folder, { recursive: true })
    // What was given in secret is shown nowhere, and stored nowhere in clear.
    const pem = privateKey.split('\n')[1] ?? ''
    const { rows } = await sql<{ text: string }>`select
      encode(api_secret, 'escape') || coalesce(encryption_key_id, '') as text
      from api_credentials where api_secret is not null`.execute(setting.db)
    expect(rows).toHaveLength(1)
    for (const canary of [first.secret, second.secret, pem]) {
      expect(shell.printed).not.toContain(canary)
      for (const { text } of rows) expect(text).not.toContain(canary)
    }
  })

  it('tests a key: prints what it may do, warns of what it should not, says why it is refused', async () => {
    await using setting = await rig()
    const { shell, sim } = setting
    const { uid, apiKey, secret } = openAccount(setting)
    await shell.run(
      ['add', 'main', '--user', 'alice', '--api-key', apiKey],
      Readable.from([secret]),
    )

    const good = await shell.run(['test', 'main'])
    expect(good.code).toBe(0)
    expect(good.stdout).toContain('read-only, expires never\n')
    expect(good.stdout).toContain('may ContractTrade: Order, Position')
    const lists = ['positions', 'orders', 'executions']
    const read = CATEGORIES.flatMap((category) => lists.map((list) => `${category} ${list}`))
    for (const what of ['key', 'wallet', ...read.filter((list) => list !== 'spot positions')]) {
      expect(good.stdout).toContain(`ok   ${what}\n`)
    }
    expect(good.stdout).not.toContain('spot positions')
    expect(good.stderr).toContain('WARNING: the key is bound to no address')
    expect(good.stderr).not.toContain('can trade')

    sim.exchange.changeKey(apiKey, { readOnly: false, ips: ['127.0.0.1'] })
    const trading = await shell.run(['test', 'main', '--json'])
    expect(trading.code).toBe(0)
    expect(JSON.parse(trading.stdout).warnings).toMatchObject([
      expect.stringMatching(/^the key can trade: ContractTrade \(Order, Position\)/),
      'the key can move money: AccountTransfer, SubMemberTransfer',
    ])
    const wallet = {
      ContractTrade: [],
      Spot: [],
      Options: [],
      Derivatives: [],
      Exchange: [],
      Earn: [],
    }
    sim.exchange.changeKey(apiKey, { permissions: { ...wallet, Wallet: ['Withdraw'] } })
    const withdrawing = await shell.run(['test', 'main'])
    expect(withdrawing.code).toBe(3)
    expect(withdrawing.stderr).toContain('WARNING: the key can withdraw')
    expect(withdrawing.stdout).toContain('FAIL linear positions: PERMISSION_DENIED')

    sim.exchange.changeKey(apiKey, { expiresAt: Date.now() - 1000 })
    expect(await shell.run(['test', 'main'])).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('FAIL key: API_KEY_EXPIRED'),
    })
    sim.exchange.revokeKey(apiKey)
    expect(await shell.run(['test', 'main'])).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('FAIL key: API_KEY_INVALID'),
    })
    const { apiKey: next } = sim.exchange.createKey(uid)
    const rotate = ['rotate', 'main', '--api-key', next, '--no-check']
    expect((await shell.run(rotate, Readable.from(['notthesecret']))).code).toBe(0)
    expect(await shell.run(['test', 'main'])).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('FAIL key: SIGNATURE_INVALID'),
    })
    expect(shell.printed).not.toContain('notthesecret')
  })

  it('asks for the secret on a terminal without echo', async () => {
    await using setting = await rig()
    const { apiKey, secret } = openAccount(setting)
    const terminal = Object.assign(new PassThrough(), { isTTY: true })
    const adding = setting.shell.run(
      ['add', 'main', '--user', 'alice', '--api-key', apiKey],
      terminal,
    )
    terminal.write(`${secret}\r`)
    const { code, stderr } = await adding
    expect(code).toBe(0)
    expect(stderr).toMatch(/^API secret \(not shown\): \nevent-saver: WARNING: [^\n]*\n$/)

    // Of a pasted key in PEM every line is taken: none is left for the shell to show.
    const pem = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey
    const pasted = Object.assign(new PassThrough(), { isTTY: true })
    const rotating = setting.shell.run(
      ['rotate', 'main', '--api-key', apiKey, '--no-check'],
      pasted,
    )
    for (const half of [pem.slice(0, 700), pem.slice(700)])
      pasted.write(half.replaceAll('\n', '\r'))
    expect(await rotating).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('rsa  active'),
    })
    expect(setting.shell.printed).not.toContain(pem.split('\n')[1])

    const again = Object.assign(new PassThrough(), { isTTY: true })
    const interrupted = setting.shell.run(['rotate', 'main', '--api-key', apiKey], again)
    again.write('abc\u0003')
    expect(await interrupted).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no secret was typed'),
    })
  })

  it.each(['add', 'rotate'])(
    '%s stores only a key that the exchange accepts, unless told not to ask',
    async (command) => {
      await using setting = await rig()
      const { shell, sim } = setting
      const good = openAccount(setting)
      if (command === 'rotate') {
        const first = ['add', 'main', '--user', 'alice', '--api-key', good.apiKey]
        expect((await shell.run(first, Readable.from([good.secret]))).code).toBe(0)
      }
      const give = (apiKey: string, secret: string, ...more: string[]) =>
        shell.run(
          [command, 'main', '--user', 'alice', '--api-key', apiKey, ...more],
          Readable.from([secret]),
        )
      const keyOf = (change: Parameters<typeof sim.exchange.changeKey>[1]) => {
        const { apiKey, secret } = openAccount(setting)
        sim.exchange.changeKey(apiKey, change)
        return [apiKey, secret] as const
      }
      const before = (await shell.run(['list', '--json'])).stdout
      const refusals: [key: readonly [string, string], code: string, text: string][] = [
        [['UNKNOWNKEY', 'x'], 'API_KEY_INVALID', 'of this environment'],
        [[good.apiKey, 'notthesecret'], 'SIGNATURE_INVALID', 'copy both again'],
        [keyOf({ ips: ['203.0.113.7'] }), 'IP_NOT_ALLOWED', 'add the address of this host'],
        [powerless(setting), 'PERMISSION_DENIED', 'the right to read'],
        [keyOf({ expiresAt: Date.now() - 1000 }), 'API_KEY_EXPIRED', 'make a new key'],
      ]
      for (const [key, code, text] of refusals) {
        const outcome = await give(...key)
        expect(outcome, code).toMatchObject({ code: 3, stderr: expect.stringContaining(code) })
        expect(outcome.stderr).toContain(text)
        expect(outcome.stderr).toContain('nothing was stored')
      }
      const restUrl = shell.env['EVENTSAVER_REST_URL'] ?? ''
      shell.env['EVENTSAVER_REST_URL'] = 'http://127.0.0.1:2'
      expect(await give(good.apiKey, good.secret)).toMatchObject({
        code: 75,
        stderr: expect.stringContaining('EXCHANGE_UNREACHABLE'),
      })
      shell.env['EVENTSAVER_REST_URL'] = restUrl
      expect((await shell.run(['list', '--json'])).stdout).toBe(before)
      expect((await give('UNKNOWNKEY', 'x', '--no-check')).code).toBe(0)
      expect((await shell.run(['show', 'main'])).stdout).toContain('key UNKNOWNKEY  hmac  active')
      expect(shell.printed).not.toContain('notthesecret')
    },
  )

  it('encrypts all secrets again with the first of several keys', async () => {
    await using setting = await rig()
    const { shell } = setting
    const { apiKey, secret } = openAccount(setting)
    await shell.run(
      ['add', 'main', '--user', 'alice', '--api-key', apiKey],
      Readable.from([secret]),
    )
    const old = shell.env['EVENTSAVER_ENCRYPTION_KEYS']
    const next = newKeys('b')
    shell.env['EVENTSAVER_ENCRYPTION_KEYS'] = next
    expect(await shell.run(['test', 'main'])).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(
        /ENCRYPTION_KEY_UNKNOWN.* a, which is not among the keys given: b/,
      ),
    })
    shell.env['EVENTSAVER_ENCRYPTION_KEYS'] = `${next},${old}`
    expect((await shell.run(['reencrypt'])).stdout).toBe('1 secrets encrypted anew\n')
    shell.env['EVENTSAVER_ENCRYPTION_KEYS'] = next
    expect((await shell.run(['test', 'main'])).code).toBe(0)
  })

  it('exits with the documented code when it refuses', async () => {
    await using setting = await rig()
    const { shell } = setting
    const add = (...args: string[]) => ['add', 'x', '--user', 'alice', ...args]
    const pem = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'
    const cases: [args: string[], input: string, code: number, text: string][] = [
      [add(), 's', 2, '--api-key'],
      [['add', 'x', '--api-key', 'k'], 's', 2, '--user'],
      [add('--api-key', 'k'), '', 2, 'SECRET_MISSING'],
      [add('--api-key', 'a b'), 's', 2, 'CREDENTIAL_INVALID'],
      [add('--api-key', 'k'), 'canary with blank', 2, 'CREDENTIAL_INVALID'],
      [add('--api-key', 'k'), pem, 2, 'not an unencrypted RSA private key'],
      [
        add('--api-key', 'k', '--secret-file', 'none'),
        '',
        2,
        'cannot read the file that it names (ENOENT)',
      ],
      [add('--api-key', 'k', '--secret', 'canary1'), 's', 2, 'SECRET_IN_ARGUMENT'],
      [add('--api-key', 'k', '--secret=canary2'), 's', 2, 'SECRET_IN_ARGUMENT'],
      [add('--api-key', 'k', '--api-secret=canary3'), 's', 2, "unknown option '--api-secret'"],
      [add('--api-key', 'k', '-scanary4'), 's', 2, "unknown option '-s'"],
      [add('--api-key', 'k', 'canary5'), 's', 2, 'Expected 1 argument but got 2\n'],
      [add('--api-key', 'k', 'two\ncanary6'), 's', 2, 'Expected 1 argument but got 2\n'],
      [['add', '', '--user', 'alice', '--api-key', 'k'], 's', 2, 'NAME_INVALID: the account'],
      [['add', 'x', '--user', ' ', '--api-key', 'k'], 's', 2, 'NAME_INVALID: --user'],
      [['add', 'x', '--user', 'alice ', '--api-key', 'k'], 's', 2, 'NAME_INVALID'],
      [['add', '\u001b[31m', '--user', 'alice', '--api-key', 'k'], 's', 2, '"\\u001b[31m"'],
      [['add', 'a\u202eb', '--user', 'alice', '--api-key', 'k'], 's', 2, 'NAME_INVALID'],
      [['add', 'x'.repeat(101), '--user', 'alice', '--api-key', 'k'], 's', 2, 'NAME_INVALID'],
      [['show', 'nobody'], '', 2, 'there is no account nobody'],
      [['list', '--user', 'nobody'], '', 2, 'there is no user nobody'],
    ]
    for (const [args, input, code, text] of cases) {
      const outcome = await shell.run(args, Readable.from([input]))
      expect(outcome, args.join(' ')).toMatchObject({ code, stderr: expect.stringContaining(text) })
    }
    expect(shell.printed).not.toContain('canary')
    expect(JSON.parse((await shell.run(['list', '--json'])).stdout)).toEqual([])

    shell.env['EVENTSAVER_REST_URL'] = 'http://exchange.invalid'
    expect(await shell.run(add('--api-key', 'k'), Readable.from(['s']))).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('HOST_NOT_ENCRYPTED'),
    })
    delete shell.env['EVENTSAVER_ENCRYPTION_KEYS']
    expect(await shell.run(add('--api-key', 'k'), Readable.from(['s']))).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('ENCRYPTION_KEYS_MISSING'),
    })
  })
})
