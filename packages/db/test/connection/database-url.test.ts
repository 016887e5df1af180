import { describe, expect, it } from 'vitest'
import { loadPeer } from '../../src/connection/load-peer.ts'
import {
  checkDatabaseUrl,
  createDatabase,
  type PostgresConnection,
  postgresConnection,
  redactDatabaseUrl,
} from '../../src/index.ts'

describe('redactDatabaseUrl', () => {
  it.each([
    [
      'postgres://me:S3CRET@host:5432/db?sslmode=require',
      'postgres://me:***@host:5432/db?sslmode=require',
    ],
    ['postgresql://me@host/db', 'postgresql://me@host/db'],
    [
      'postgres:///db?host=/run&user=me&password=S3CRET',
      'postgres:///db?host=/run&user=me&password=***',
    ],
    [
      'postgres://host/db?pass%77ord=S3CRET&sslmode=disable',
      'postgres://host/db?pass%77ord=***&sslmode=disable',
    ],
    ['postgres://host/db?%zz=S3CRET', 'postgres://***'],
    ['postgres://host/db?S3CRET', 'postgres://***'],
    ['postgres://host/db?sslpass=S3CRET', 'postgres://***'],
    ['postgres://host/db?sslkey=/my.key', 'postgres://host/db?sslkey=/my.key'],
    ['postgres://me:S3CRET', 'postgres://***'],
    ['postgres://me:S3CRET/db', 'postgres://***'],
    ['postgres://me:S3C%RET@host/db', 'postgres://***'],
    ['postgres://me:S3C RET@host/db', 'postgres://***'],
    ['postgres://me%3AS3CRET@host/db', 'postgres://***'],
    ['postgres://me;S3CRET@host/db', 'postgres://***'],
    ['postgres://host/me:S3CRET', 'postgres://***'],
    ['postgres://host/db?user=me%3aS3CRET', 'postgres://***'],
    ['postgres://me@host:S3CRET/db', 'postgres://***'],
    ['S3CRET', '***'],
    ['pglite://me:S3CRET@host/db', 'pglite:***'],
    ['postgres://me:S3CR@ET@host/db', 'postgres://me:***@host/db'],
    ['postgres://me:S3C:RET@host/db', 'postgres://me:***@host/db'],
    ['postgres://me:S3C/RET@host/db', 'postgres://***'],
    ['postgres://me:S3C?RET@host/db', 'postgres://***'],
    ['postgres://me:S3C#RET@host/db', 'postgres://***'],
    ['postgres://host/db?password=S3C@RET', 'postgres://***'],
    ['POSTGRES://:S3CRET@host', 'POSTGRES://:***@host'],
    ['host=h password=S3CRET', '***'],
    ['postgres:me:S3CRET@host/db', '***'],
    ['mysql://me:S3CRET@host/db', '***'],
    ['pglite:./data/grid', 'pglite:./data/grid'],
  ])('%s', (url, redacted) => {
    expect(redactDatabaseUrl(url)).toBe(redacted)
    expect(redactDatabaseUrl(url)).not.toMatch(/S3C|RET/)
  })
})

describe('a postgres:// URL', () => {
  it.each([
    ['postgres://me:S3C/RET@host/db', /@ after a/],
    ['postgres://me:S3C?RET@host/db', /@ after a/],
    ['postgres://me:S3C#RET@host/db', /@ after a/],
    ['postgres://host/db#S3CRET', /has a #/],
    ['postgres://me:S3C%RET@host/db', /% that begins no escape/],
    ['postgres://me:S3CRET%ff@host/db', /not UTF-8/],
    ['postgres://me:S3CRET%00@host/db', /%00/],
    ['postgres://me:S3CRET@host/db name', /has a blank/],
    ['postgres://me:S3CRET@host/db\u200b', /has a blank/],
    ['postgres://me:S3CRET@host/d\nb', /has a blank/],
    ['postgres://me:S3CRET', /port that is no number/],
    ['postgres://me:S3CRET@host:543x/db', /port that is no number/],
    ['postgres://me:S3CRET@host:0/db', /port that is no number/],
    ['postgres://me:S3CRET@host:99999/db', /port that is no number/],
    ['postgres://me:S3CRET@host/db?port=543x', /port that is no number/],
    ['postgres://me:S3CRET@one,two/db', /several hosts/],
    ['postgres://me:S3CRET@one:1,two:2/db', /several hosts/],
    ['postgres://me:S3CRET@/db?host=one,two', /several hosts/],
    ['postgres://me:S3CRET@10.0.0.256/db', /host that is no name/],
    ['postgres://me:S3CRET@::1/db', /port that is no number/],
    ['postgres://me:S3CRET@[::g]/db', /host that is no name/],
    ['postgres://me:S3CRET@host/db?sslmode=bogus', /wrong sslmode: it must be one of disable/],
    ['postgres://me:S3CRET@host/db?ssl=maybe', /wrong ssl/],
    ['postgres://me:S3CRET@host/db?sslmod=require', /parameter that is none of/],
    ['postgres://me:S3CRET@host/db?sslmode=disable&sslmode=require', /sslmode twice/],
    ['postgres://me:S3CRET@host/db?statement_timeout=1min', /wrong statement_timeout/],
    ['postgres://me%3AS3CRET@host/db', /: or ; in the name of the user/],
    ['postgres://me:S3CRET@host/db?statement_timeout=1', /0, or at least 1000 milliseconds/],
    ['postgres://me:S3CRET@host/db?query_timeout=10', /0, or at least 1000 milliseconds/],
    ['postgres://me:S3CRET@host/db?options=-c%20statement_timeout=1', /wrong options: statement_t/],
    ['postgres://host/db?options=-cjit=off%20--idle-session-timeout=5ms', /idle_session_timeout/],
    ['postgres://me:S3CRET@host/db?sslrootcert=/nope.crt', /cannot be read, \/nope.crt \(ENOENT\)/],
    [`postgres://me:S3CRET@host/db?sslcert=${import.meta.filename}`, /not PEM/],
    ['postgres://host/db?sslnegotiation=direct&sslmode=disable', /without TLS/],
    ['postgres://host/db?uselibpqcompat=true&sslmode=verify-ca', /without a CA/],
  ])('is refused: %j', (url, message) => {
    expect(() => checkDatabaseUrl(url)).toThrow(
      expect.objectContaining({
        code: 'DATABASE_URL_INVALID',
        message: expect.stringMatching(message),
      }),
    )
    expect(() => checkDatabaseUrl(url)).not.toThrow(/S3C|RET/)
  })

  it.each<[string, PostgresConnection]>([
    ['postgres://host', { host: 'host' }],
    [
      'postgres://me:a%2Fb%3Fc%23d%40e+f@db.example.com:5433/x%2Fy',
      {
        host: 'db.example.com',
        port: 5433,
        user: 'me',
        password: 'a/b?c#d@e+f',
        database: 'x/y',
      },
    ],
    ['postgres://me@with@[::1]:1/db', { host: '::1', port: 1, user: 'me@with', database: 'db' }],
    ['postgres://%2Frun%2Fpg/db', { host: '/run/pg', database: 'db' }],
    [
      'postgres:///db?host=/run/pg&port=6&user=me&password=p',
      { host: '/run/pg', port: 6, user: 'me', password: 'p', database: 'db' },
    ],
    [
      'postgres://host/db?application_name=x&options=-c%20jit%3Doff&sslmode=require',
      { host: 'host', database: 'db', application_name: 'x', options: '-c jit=off', ssl: {} },
    ],
    ['postgres://host/?sslmode=disable', { host: 'host', ssl: false }],
    ['postgres://host/?ssl=1', { host: 'host', ssl: true }],
    ['postgres://host/?ssl=false', { host: 'host', ssl: false }],
    ['postgres://host/?sslmode=no-verify', { host: 'host', ssl: { rejectUnauthorized: false } }],
    [
      'postgres://host/?sslmode=require&uselibpqcompat=true',
      { host: 'host', ssl: { rejectUnauthorized: false } },
    ],
  ])('%s is read into its parts', (url, parts) => {
    expect(postgresConnection(url)).toEqual(parts)
  })
})

describe('createDatabase', () => {
  it.each(['mysql://me:S3CRET@host/db', 'pglite:', './data', ''])('refuses %j', (url) => {
    expect(() => createDatabase({ url })).toThrow(
      expect.objectContaining({
        code: 'DATABASE_URL_INVALID',
        message: expect.not.stringContaining('S3CRET'),
      }),
    )
  })

  it('does not connect before its first use', async () => {
    await createDatabase({ url: 'postgres://me@does-not-exist.invalid/db' }).destroy()
    await createDatabase({ url: 'pglite:/dev/null/no-directory' }).destroy()
  })

  it('names the missing package that a URL needs', async () => {
    // In a variable, so that no bundler looks for the package.
    const name = '@electric-sql/not-installed'
    await expect(loadPeer(name, () => import(name))).rejects.toMatchObject({
      code: 'DRIVER_MISSING',
      message: expect.stringContaining(`npm install ${name}`),
    })
  })
})
