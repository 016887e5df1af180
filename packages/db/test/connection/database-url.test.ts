import { describe, expect, it } from 'vitest'
import { loadPeer } from '../../src/connection/load-peer.ts'
import { createDatabase, redactDatabaseUrl } from '../../src/index.ts'

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
    ['postgres://host/db?%zz=S3CRET', 'postgres://host/db?%zz=***'],
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
