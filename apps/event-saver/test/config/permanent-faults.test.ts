import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { migrate } from '@grid/db'
import { CompiledQuery } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { loadConfig } from '../../src/config/load.ts'
import { Cli } from '../support/cli.ts'
import { type Refusal, RefusingServer, TEST_CERTIFICATE } from '../support/refusing-server.ts'
import { ownDatabase } from '../support/rig.ts'

/** Stands in every faulty value, and must never be shown. */
const SECRET = 'S3CRET'
const KEY = Buffer.from(SECRET.padEnd(32, '.')).toString('base64url')

let folder: string
let file: (name: string, content: string) => string
/** Nobody may connect to it. */
let server: RefusingServer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'grid-faults-'))
  file = (name, content) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  server = await RefusingServer.start({ code: '57P03', message: 'starting' })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

/** Runs a command in this process. */
async function run(argv: readonly string[], env: Readonly<Record<string, string>>) {
  let text = ''
  const write = (more: string): void => {
    text += more
  }
  const context = { argv, env, cwd: folder, out: write, err: write, stdin: Readable.from([]) }
  return { code: await runProgram(context), text }
}

/** Every command that takes a database. */
const COMMANDS: readonly (readonly string[])[] = [
  ['run'],
  ['doctor'],
  ['migrate'],
  ['export', '--from', '2026-11-21'],
  ['account', 'list'],
  ['account', 'show', 'main'],
  ['account', 'test', 'main'],
  ['account', 'disable', 'main'],
  ['account', 'reencrypt'],
  ['partitions', 'list'],
  ['partitions', 'prune', '--table', 'public_trades', '--older-than', '90d'],
  ['partitions', 'freeze'],
]

/** A URL with the secret as its password, at a server that would notice a connection. */
const at = (rest: string): string => `postgres://me:${SECRET}@127.0.0.1:${server.port}${rest}`

interface Fault {
  readonly title: string
  readonly env: () => Readonly<Record<string, string>>
  /** What names the variable. */
  readonly names?: string
  /** What says how to mend it. */
  readonly fix: RegExp
}

const url = (title: string, text: (port: number) => string, fix: RegExp): Fault => ({
  title: `a database URL with ${title}`,
  env: () => ({ EVENTSAVER_DATABASE_URL: text(server.port) }),
  fix,
})

const VALUES: readonly Fault[] = [
  {
    title: 'a time that no date is so long ago',
    env: () => ({ EVENTSAVER_RETENTION_PUBLIC_TRADES: '99999999d' }),
    names: 'EVENTSAVER_RETENTION_PUBLIC_TRADES',
    fix: /from 1d to 36525d/,
  },
  url('a raw ? in the password', (port) => `postgres://me:${SECRET}?x@127.0.0.1:${port}/db`, /%3F/),
  url('a raw / in the password', (port) => `postgres://me:${SECRET}/x@127.0.0.1:${port}/db`, /%2F/),
  url('a raw # in the password', (port) => `postgres://me:${SECRET}#x@127.0.0.1:${port}/db`, /%23/),
  url('a raw % in the password', (port) => `postgres://me:${SECRET}%x@127.0.0.1:${port}/db`, /%25/),
  url('a port that is no number', () => `postgres://me:${SECRET}@127.0.0.1:543x/db`, /65535/),
  url('a port that is too great', () => `postgres://me:${SECRET}@127.0.0.1:99999/db`, /65535/),
  url('two hosts', () => `postgres://me:${SECRET}@host1,host2/db`, /name one/),
  url('two hosts and ports', () => `postgres://me:${SECRET}@host1:1,host2:2/db`, /name one/),
  url('an unknown sslmode', () => at('/db?sslmode=bogus'), /one of disable, no-verify/),
  url('a misspelt parameter', () => at('/db?sslmod=require'), /none of .*sslmode/),
  url(
    'a certificate that is not there',
    () => at('/db?sslmode=verify-full&sslrootcert=/nope.crt'),
    /\/nope\.crt \(ENOENT\)/,
  ),
  url(
    'a certificate that is none',
    () => at(`/db?sslmode=verify-full&sslrootcert=${file('no.crt', 'text')}`),
    /not PEM/,
  ),
  url(
    'a certificate that is damaged',
    () => {
      const pem = '-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n'
      return at(`/db?sslmode=verify-full&sslrootcert=${file('bad.crt', pem)}`)
    },
    /cannot be used/,
  ),
  url('a line break within', () => at('/d\nb'), /line break/),
  url('the form of libpq', () => `host=127.0.0.1 password=${SECRET}`, /is not one of postgres:/),
  url('one colon too few', () => `postgres:me:${SECRET}@127.0.0.1/db`, /is not one of postgres:/),
  url('no host behind the password', () => `postgres://me:${SECRET}`, /@ before the host/),
  url('another scheme', () => `mysql://me:${SECRET}@127.0.0.1/db`, /is not one of postgres:/),
  {
    title: 'a file that holds only the password',
    env: () => ({ EVENTSAVER_DATABASE_URL_FILE: file('password', `${SECRET}\n`) }),
    names: 'EVENTSAVER_DATABASE_URL_FILE',
    fix: /is not one of postgres:/,
  },
  {
    title: 'a file of two lines',
    env: () => ({ EVENTSAVER_DATABASE_URL_FILE: file('lines', `${at('/db')}\n${SECRET}\n`) }),
    names: 'EVENTSAVER_DATABASE_URL_FILE',
    fix: /line break/,
  },
  {
    title: 'a wrong port from the environment',
    env: () => ({
      EVENTSAVER_DATABASE_URL: `postgres://me:${SECRET}@127.0.0.1/db`,
      PGPORT: '543x',
    }),
    names: 'PGPORT',
    fix: /65535/,
  },
  ...[
    { variable: 'PGUSER', value: 'me\n', fix: /line break/ },
    { variable: 'PGDATABASE', value: 'plain ', fix: /blank/ },
    { variable: 'PGPASSWORD', value: `${SECRET}\n`, fix: /line break/ },
    { variable: 'PGOPTIONS', value: '-c statement_timeout=5', fix: /at least 1000 milliseconds/ },
    { variable: 'PGSSLNEGOTIATION', value: 'bogus', fix: /one of postgres, direct/ },
    { variable: 'PGSSLNEGOTIATION', value: 'direct', fix: /without TLS/ },
  ].map(
    ({ variable, value, fix }): Fault => ({
      title: `${variable}=${JSON.stringify(value)} from the environment`,
      env: () => ({
        EVENTSAVER_DATABASE_URL: `postgres://127.0.0.1:${server.port}`,
        [variable]: value,
      }),
      names: variable,
      fix,
    }),
  ),
  ...['PGSERVICE', 'PGHOSTADDR'].map(
    (names): Fault => ({
      title: `a server that only ${names} names`,
      env: () => ({ EVENTSAVER_DATABASE_URL: 'postgres:///grid', [names]: '10.0.0.5' }),
      names,
      fix: /name the host in the URL/,
    }),
  ),
  {
    title: 'the URL of the database among the symbols',
    env: () => ({ EVENTSAVER_SYMBOLS: at('/db') }),
    names: 'EVENTSAVER_SYMBOLS',
    fix: /unknown category/,
  },
  {
    title: 'the URL of the database in place of the collector’s name',
    env: () => ({ EVENTSAVER_COLLECTOR: at('/db') }),
    names: 'EVENTSAVER_COLLECTOR',
    fix: /no URL/,
  },
  {
    title: 'a URL where the name of its file should be',
    env: () => ({ EVENTSAVER_DATABASE_URL_FILE: at('/db') }),
    names: 'EVENTSAVER_DATABASE_URL_FILE',
    fix: /name a readable file/,
  },
  {
    title: 'a file of passwords among the symbols',
    env: () => ({ EVENTSAVER_SYMBOLS: `@${file('logins', `BTCUSDT\nh:5432:*:me:${SECRET}\n`)}` }),
    names: 'EVENTSAVER_SYMBOLS',
    fix: /line 2 of @.*logins is not/,
  },
  url('another URL behind pglite:', () => `pglite:${at('/db')}`, /names no directory/),
  ...[`${KEY}:id`, `${KEY}:${KEY}`, `${Buffer.from(KEY).toString('hex').slice(0, 64)}:id`].map(
    (text): Fault => ({
      title: `an encryption key before its id, ${text.length} characters`,
      env: () => ({ EVENTSAVER_ENCRYPTION_KEYS: text }),
      names: 'EVENTSAVER_ENCRYPTION_KEYS',
      fix: /write id:base64/,
    }),
  ),
  ...[
    'ws://a,b',
    'ws://127.0.0.1:99999',
    'ws://127.0.0.1 :1',
    'ws://h:0',
    `ws://u:${SECRET}@h`,
  ].map(
    (text): Fault => ({
      title: `the WebSocket URL ${JSON.stringify(text)}`,
      env: () => ({ EVENTSAVER_WS_URL: text }),
      names: 'EVENTSAVER_WS_URL',
      fix: /such as ws:\/\/host:9001/,
    }),
  ),
  ...[
    'http://a,b',
    'http://127.0.0.1:6000',
    'http://10.0.0.256',
    'http://h\t:1',
    `http://h?token=${SECRET}`,
  ].map(
    (text): Fault => ({
      title: `the REST URL ${JSON.stringify(text)}`,
      env: () => ({ EVENTSAVER_REST_URL: text }),
      names: 'EVENTSAVER_REST_URL',
      fix: /such as http:\/\/host:9001/,
    }),
  ),
  ...(
    [
      ['EVENTSAVER_WS_URL', 'ws://127.0.0.1:9001/v5/public/linear'],
      ['EVENTSAVER_WS_URL', 'ws://127.0.0.1:9001/v5'],
      ['EVENTSAVER_REST_URL', 'http://127.0.0.1:9001/proxy/V5/'],
    ] as const
  ).map(
    ([names, text]): Fault => ({
      title: `the path of the exchange's pages in ${names}, ${text}`,
      env: () => ({ [names]: text }),
      names,
      fix: /leave out \/v5 and what follows/,
    }),
  ),
  ...[`postgres://me:${SECRET}@127.0.0.1:5432/x`, `postgres://me;${SECRET}/x`].map(
    (text, index): Fault => ({
      title: `a database URL in place of a folder, ${index}`,
      env: () => ({ EVENTSAVER_DATA_DIR: text }),
      names: 'EVENTSAVER_DATA_DIR',
      fix: /must name a folder, without control characters and :\/\//,
    }),
  ),
  ...[
    'h,g:1',
    '127.0.0.1:6000',
    '127.0.0.1:99999',
    '10.0.0.256:1',
    'a b:1',
    `postgres://u:${SECRET}@h/d`,
  ].map(
    (text): Fault => ({
      title: `the HTTP address ${JSON.stringify(text)}`,
      env: () => ({ EVENTSAVER_HTTP_ADDRESS: text }),
      names: 'EVENTSAVER_HTTP_ADDRESS',
      fix: /host:port such as/,
    }),
  ),
]

it('a certificate is looked for where the command was typed, whatever the name of the folder', () => {
  file('ca.crt', TEST_CERTIFICATE)
  const odd = join(folder, 'a+b & c#d%20?')
  mkdirSync(odd)
  writeFileSync(join(odd, 'ca.crt'), TEST_CERTIFICATE)
  const env = { EVENTSAVER_DATABASE_URL: at('/db?sslmode=verify-full&sslrootcert=ca.crt') }
  expect(loadConfig({ flags: {}, env, cwd: folder })).toMatchObject({
    ok: true,
    config: { databaseUrl: at(`/db?sslmode=verify-full&sslrootcert=${folder}/ca.crt`) },
  })
  expect(loadConfig({ flags: {}, env, cwd: odd })).toMatchObject({ ok: true })
})

describe('a wrong value ends run and doctor with 78 before a socket is opened', () => {
  it.each(VALUES)('$title', async ({ env, names = 'EVENTSAVER_DATABASE_URL', fix }) => {
    const address = `127.0.0.1:${server.port}`
    for (const command of ['run', 'doctor']) {
      const { code, text } = await run([command], {
        EVENTSAVER_WS_URL: `ws://${address}`,
        EVENTSAVER_REST_URL: `http://${address}`,
        EVENTSAVER_DATABASE_URL: at('/db'),
        EVENTSAVER_HTTP_ADDRESS: '127.0.0.1:0',
        ...('EVENTSAVER_DATABASE_URL_FILE' in env() ? { EVENTSAVER_DATABASE_URL: undefined } : {}),
        ...env(),
      } as Record<string, string>)
      expect(code).toBe(78)
      expect(text).toContain(`${names}: `)
      expect(text).toMatch(fix)
      expect(text).not.toContain(SECRET)
      expect(text).not.toContain(KEY)
    }
    expect(server.connections).toBe(0)
  })

  it.each(COMMANDS.map((argv) => [argv.slice(0, 2).join(' '), argv] as const))(
    'so does %s with a database URL',
    async (_, argv) => {
      const env = { EVENTSAVER_DATABASE_URL: `postgres://me:${SECRET}/x@127.0.0.1/db` }
      const { code, text } = await run(argv, env)
      expect(code).toBe(78)
      expect(text).toMatch(/EVENTSAVER_DATABASE_URL: .*%2F/)
      expect(text).not.toContain(SECRET)
    },
  )

  it.each([
    ['a file of settings', 78, ['run', '--config', `postgres://me:${SECRET}@h/db`]],
    ['a command', 2, [`postgres://me:${SECRET}@h/db`]],
    ['an argument', 2, ['run', `postgres://me:${SECRET}@h/db`]],
    ['an option', 2, ['run', `--database-ulr=postgres://me:${SECRET}@h/db`]],
    ['an option of two lines', 2, ['run', `--database-ulr=postgres://me:\n${SECRET}@h/db`]],
    ['a command of two lines', 2, [`postgres://me:\n${SECRET}@h/db`]],
    ['an argument of two lines', 2, ['run', `postgres://me:\n${SECRET}@h/db`]],
    ...[
      ['partitions', 'list', '--table'],
      ['partitions', 'prune', '--table', 'public_trades', '--older-than'],
      ['partitions', 'narrow', '--day'],
      ['dead-letters', 'list', '--state'],
      ['dead-letters', 'list', '--from'],
      ['dead-letters', 'list', '--limit'],
      ['dead-letters', 'list', '--after'],
      ['dead-letters', 'retry'],
      ['export', '--from'],
      ['export', '--from', '2026-11-21', '--format'],
      ['export', '--from', '2026-11-21', '--out'],
      ['replay', '--from'],
      ['account', 'add', 'main', '--api-key', 'k', '--secret-file', 's', '--user', ' '],
    ].map((argv): [string, number, string[]] => {
      const last = argv.at(-1) === ' ' ? argv.pop() : ''
      return [argv.join(' '), 2, [...argv, `${last}postgres://me:${SECRET}@h/db`]]
    }),
    [
      'the file of a secret',
      2,
      ['account', 'add', 'main', '--user', 'a', '--api-key', 'k', '--secret-file', SECRET],
    ],
  ])('no secret is shown that stands in place of %s', async (_, code, argv) => {
    const env = { EVENTSAVER_ENCRYPTION_KEYS: `id:${Buffer.alloc(32).toString('base64')}` }
    const result = await run(argv, env)
    expect(result.code).toBe(code)
    expect(result.text).not.toContain(SECRET)
  })

  it('what stands around a value is left out', () => {
    const env = {
      EVENTSAVER_DATABASE_URL_FILE: file('padded', ' postgres://me:p@127.0.0.1/plain \r\n'),
      EVENTSAVER_WS_URL: ' ws://127.0.0.1:9001 \n',
      EVENTSAVER_REST_URL: 'http://127.0.0.1:9002/\r\n',
      EVENTSAVER_HTTP_ADDRESS: '127.0.0.1:0\n',
    }
    expect(loadConfig({ flags: {}, env, cwd: folder })).toMatchObject({
      ok: true,
      config: {
        databaseUrl: 'postgres://me:p@127.0.0.1/plain',
        wsUrl: 'ws://127.0.0.1:9001',
        restUrl: 'http://127.0.0.1:9002',
        httpAddress: { host: '127.0.0.1', port: 0 },
      },
    })
  })
})

const REFUSALS: readonly (readonly [string, Refusal, string, string, RegExp])[] = [
  ['a wrong password', error('28P01', 'password authentication failed'), '', '28P01', /password/],
  ['a role that may not log in', error('28000', 'role may not log in'), '', '28000', /let this/],
  ['no such database', error('3D000', 'database "db" does not exist'), '', '3D000', /create the/],
  ['a database closed to the role', error('42501', 'permission denied'), '', '42501', /grant the/],
  ['options that it cannot read', error('22023', 'invalid value'), '', 'LOGIN_REFUSED', /invalid/],
  ['no schema', error('3F000', 'no schema has been selected'), '', '3F000', /correct search_path/],
  ['an unknown option', error('42704', 'unrecognized'), '', '42704', /correct options/],
  ['no such user of a pooler', error('08P01', 'no such user: me'), '', 'LOGIN_REFUSED', /user/],
  ...['Tenant or user not found', '(ENOTFOUND) tenant/user me.x not found'].map(
    (text) => [`${text}, of a pooler`, error('XX000', text), '', 'LOGIN_REFUSED', /user/] as const,
  ),
  ['no password given', 'password', '', 'LOGIN_REFUSED', /put it into the URL/],
  ['a way to log in that the driver lacks', 'kerberos', '', 'LOGIN_REFUSED', /with a password/],
  ...[
    { of: 'MySQL', says: `\x4a\0\0\0\x0a${'8.0.33\0'.repeat(9)}` },
    { of: 'HTTP', says: 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n' },
    { of: 'SSH', says: 'SSH-2.0-OpenSSH_9.6\r\n' },
    { of: 'Redis', says: '-ERR unknown command\r\n' },
    { of: 'a screen', says: 'RFB 003.008\n' },
    { of: 'STOMP', says: 'ERROR\nmessage:malformed frame\n\n\0' },
    { of: 'memcached', says: 'ERROR\r\n' },
  ].map(
    ({ of, says }) =>
      [`a server of ${of}`, { says }, '', 'LOGIN_REFUSED', /correct host and port/] as const,
  ),
  ...[
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    'SSH-2.0-OpenSSH_9.6\r\n',
    'ERROR\nmessage:malformed frame\n\n\0',
  ].map(
    (says) =>
      [
        `a server that answers ${says.slice(0, 4)} to the question for TLS`,
        { says },
        '?sslmode=require',
        'LOGIN_REFUSED',
        /correct host and port/,
      ] as const,
  ),
  ['no TLS', 'no-tls', '?sslmode=require', 'TLS_UNAVAILABLE', /sslmode=disable/],
  ['its own certificate', 'self-signed', '?sslmode=require', 'CERTIFICATE_REFUSED', /sslrootcert=/],
]

function error(code: string, message: string): Refusal {
  return { code, message }
}

describe('a refusal that lasts ends run with 78 at the first answer, and every command', () => {
  it.each(REFUSALS)('%s', async (_, refusal, query, code, fix) => {
    await using database = await RefusingServer.start(refusal)
    const password = refusal === 'password' ? '' : `:${SECRET}`
    const env = {
      EVENTSAVER_DATABASE_URL: `postgres://me${password}@127.0.0.1:${database.port}/db${query}`,
      EVENTSAVER_WS_URL: 'ws://127.0.0.1:9',
      EVENTSAVER_REST_URL: 'http://127.0.0.1:2',
      EVENTSAVER_SYMBOLS: 'BTCUSDT',
      EVENTSAVER_ENCRYPTION_KEYS: `id:${Buffer.alloc(32).toString('base64')}`,
    }
    await using saver = new Cli(['run'], env)
    expect(await saver.exited).toBe(78)
    expect(saver.stderr).toContain(`${code}: EVENTSAVER_DATABASE_URL postgres://me`)
    expect(saver.stderr).toMatch(fix)
    expect(saver.stderr).not.toContain(SECRET)
    expect(saver.stderr).not.toContain('DATABASE_UNREACHABLE')
    // Every line is JSON, the last one too: no warning of the driver stands between.
    const lines = saver.stderr.trim().split('\n')
    expect(lines.filter((line) => !line.startsWith('{'))).toEqual([])
    expect(lines.at(-1)).toContain(code)
    for (const argv of COMMANDS.filter(([name]) => name !== 'run')) {
      const { code: exit, text } = await run(argv, env)
      expect([argv[0], exit]).toEqual([argv[0], argv[0] === 'doctor' ? 3 : 78])
      expect(text).toMatch(fix)
      expect(text).not.toContain(SECRET)
    }
  })
})

it.each([
  // Pgpool, Supavisor.
  'all backend nodes are down, pgpool requires at least one valid node',
  'Max client connections reached',
])('a pooler that says %j is waited for', async (text) => {
  await using database = await RefusingServer.start(error('XX000', text))
  const env = {
    EVENTSAVER_DATABASE_URL: `postgres://me:${SECRET}@127.0.0.1:${database.port}/db`,
    EVENTSAVER_WS_URL: 'ws://127.0.0.1:9',
  }
  await using saver = new Cli(['run'], env)
  const logged = () => saver.log.find(({ code }) => code === 'DATABASE_UNREACHABLE')
  const isOver = saver.exited.then(() => true)
  await expect
    .poll(async () => logged() !== undefined || (await Promise.race([isOver, false])), {
      timeout: 120_000,
    })
    .toBe(true)
  expect(logged()?.msg).toContain(text)
  const { code } = await run(['partitions', 'list'], env)
  expect(code).toBe(75)
})

it('a file of passwords that others can read is a warning in the log', async () => {
  await using database = await RefusingServer.start('password')
  const path = file('pgpass', `*:*:*:*:${SECRET}\n`)
  chmodSync(path, 0o644)
  const env = {
    EVENTSAVER_DATABASE_URL: `postgres://me@127.0.0.1:${database.port}/db`,
    EVENTSAVER_WS_URL: 'ws://127.0.0.1:9',
    PGPASSFILE: path,
  }
  await using saver = new Cli(['run'], env)
  expect(await saver.exited).toBe(78)
  expect(saver.log).toContainEqual(
    expect.objectContaining({
      code: 'PASSWORD_FILE_UNUSED',
      reason: expect.stringContaining('0600'),
    }),
  )
  expect(saver.stderr).not.toMatch(/^WARNING/m)
})

describe('a socket that cannot be connected to ends a command with 78', () => {
  it.each([
    ['whose folder is a file', () => file('socket', '')],
    ['whose path is too long', () => join(folder, 'x'.repeat(120))],
  ])('%s', async (_, host) => {
    const { code, text } = await run(['migrate'], {
      EVENTSAVER_DATABASE_URL: `postgres://me:${SECRET}@/db?host=${host()}`,
    })
    expect(code).toBe(78)
    expect(text).toMatch(/EVENTSAVER_DATABASE_URL .*correct the host or the folder of the socket/)
    expect(text).not.toContain('EVENTSAVER_DATA_DIR')
    expect(text).not.toContain(SECRET)
  })
})

/** Gives a login all that a capture needs but one right, and what is said then. */
const lackOf =
  (table: string) =>
  (right: string): [string, (role: string) => string[], RegExp] => [
    `the right to ${right} of ${table}`,
    (role) => [
      `grant usage, create on schema public to ${role}`,
      `grant select, insert, update on all tables in schema public to ${role}`,
      `revoke ${right} on ${table} from ${role}`,
    ],
    new RegExp(`: \\w+ lacks ${right} on ${table}; grant it`),
  ]

describe('a login that may not write ends run with 78, naming what to grant', () => {
  it.each<[string, (role: string) => string[], RegExp]>([
    [
      'the right to insert',
      (role: string) => [
        `grant usage, create on schema public to ${role}`,
        `grant select on all tables in schema public to ${role}`,
      ],
      /lacks insert on capture_gaps, dead_letters, .*, public_trades, ticker_snapshots; update on .*; grant it/,
    ],
    ...['select', 'insert', 'update'].map(lackOf('journal_positions')),
    ...['select', 'insert'].map(lackOf('ticker_snapshots')),
    ...['update'].map(lackOf('capture_gaps')),
    ...['select'].map(lackOf('bybit_accounts')),
    [
      'the right to do more than read',
      (role: string) => [
        `grant grid_writer to ${role}`,
        `alter role ${role} set default_transaction_read_only = on`,
      ],
      /lets \w+ only read; unset default_transaction_read_only/,
    ],
  ])('for lack of %s', async (_, grants, message) => {
    await using database = await ownDatabase()
    await migrate(database.db, { environment: 'custom:127.0.0.1' })
    const role = `grid_test_${crypto.randomUUID().slice(0, 8)}`
    const sql = async (text: string): Promise<void> => {
      await database.db.executeQuery(CompiledQuery.raw(text))
    }
    await sql(`create role ${role} login password '${SECRET}'`)
    try {
      for (const grant of grants(role)) await sql(grant)
      const own = new URL(database.url)
      own.username = role
      own.password = SECRET
      const env = { EVENTSAVER_DATABASE_URL: own.href, EVENTSAVER_WS_URL: 'ws://127.0.0.1:9' }
      await using saver = new Cli(['run'], env)
      expect(await saver.exited).toBe(78)
      expect(saver.stderr).toMatch(/WRITING_REFUSED: EVENTSAVER_DATABASE_URL: /)
      expect(saver.stderr).toMatch(message)
      expect(saver.stderr).not.toContain(SECRET)
    } finally {
      await sql(`drop owned by ${role} cascade`)
      await sql(`drop role ${role}`)
    }
  })
})

it('a database whose tables somebody changed ends run with 78 too', async () => {
  await using database = await ownDatabase()
  await migrate(database.db, { environment: 'custom:127.0.0.1' })
  const rename = 'alter table journal_positions rename column position to place'
  await database.db.executeQuery(CompiledQuery.raw(rename))
  const env = { EVENTSAVER_DATABASE_URL: database.url, EVENTSAVER_WS_URL: 'ws://127.0.0.1:9' }
  await using saver = new Cli(['run'], env)
  expect(await saver.exited).toBe(78)
  expect(saver.stderr).toMatch(/42703: EVENTSAVER_DATABASE_URL postgres:.*position/)
})

describe('a folder that cannot be written', () => {
  it.skipIf(process.platform !== 'linux').each([
    ['of a file system without writing', () => '/proc/grid-data'],
    ['below a file', () => join(file('below', ''), 'data')],
    ['whose journal is a file', () => dirname(file('journal', ''))],
  ])('%s ends run with 78 beside a server too, and doctor says so', async (_, place) => {
    await using database = await ownDatabase()
    const env = {
      EVENTSAVER_DATA_DIR: place(),
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_WS_URL: 'ws://127.0.0.1:9',
      EVENTSAVER_HTTP_ADDRESS: '127.0.0.1:0',
    }
    await using saver = new Cli(['run'], env)
    expect(await saver.exited).toBe(78)
    expect(saver.stderr).toMatch(/JOURNAL_UNUSABLE: EVENTSAVER_DATA_DIR: .*name a folder/)
    const doctor = await run(['doctor'], env)
    expect(doctor.text).toMatch(/FAIL (DATA_DIR|JOURNAL): .*EVENTSAVER_DATA_DIR/)
  })

  it.skipIf(process.platform !== 'linux').each([
    ['of a file system without writing', () => '/proc/grid-data'],
    ['below a file', () => join(file('plain', ''), 'data')],
  ])('%s ends every command with 78', async (_, place) => {
    const env = {
      EVENTSAVER_DATA_DIR: place(),
      EVENTSAVER_WS_URL: `ws://127.0.0.1:${server.port}`,
      EVENTSAVER_REST_URL: `http://127.0.0.1:${server.port}`,
      EVENTSAVER_SYMBOLS: 'BTCUSDT',
      EVENTSAVER_HTTP_ADDRESS: '127.0.0.1:0',
      EVENTSAVER_ENCRYPTION_KEYS: `id:${Buffer.alloc(32).toString('base64')}`,
    }
    const before = server.connections
    const saver = await run(['run'], env)
    expect(saver.code).toBe(78)
    expect(saver.text).toMatch(/DIRECTORY_UNUSABLE: EVENTSAVER_DATA_DIR .*name one that/)
    expect(server.connections).toBe(before)
    for (const argv of COMMANDS.filter(([name]) => name !== 'run' && name !== 'doctor')) {
      const { code, text } = await run(argv, env)
      expect([argv, code]).toEqual([argv, 78])
      expect(text).toMatch(/EVENTSAVER_DATABASE_URL|EVENTSAVER_DATA_DIR/)
    }
  })
})
