import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConfigInput, type ConfigResult, loadConfig } from '../../src/config/load.ts'
import { databaseName } from '../../src/config/pg-variables.ts'
import { SETTINGS } from '../../src/config/settings.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'grid-config-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function load(input: Partial<ConfigInput>): ConfigResult {
  return loadConfig({ flags: {}, env: {}, cwd: folder, ...input })
}

function configOf(input: Partial<ConfigInput>) {
  const result = load(input)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result.config
}

function faultsOf(input: Partial<ConfigInput>) {
  const result = load(input)
  if (result.ok) throw new Error('expected faults')
  return result.faults
}

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('precedence', () => {
  it('reads flags over environment over file over defaults', () => {
    const path = file('all.json', '{"symbols":["AUSDT"],"batchSize":5,"flushInterval":"2s"}')
    const config = configOf({
      file: path,
      env: { EVENTSAVER_SYMBOLS: 'BUSDT', EVENTSAVER_BATCH_SIZE: '7' },
      flags: { symbols: 'CUSDT' },
    })
    expect(config.symbols).toEqual([{ category: 'linear', all: false, names: ['CUSDT'] }])
    expect(config.batchSize).toBe(7)
    expect(config.flushInterval).toBe(2000)
    expect(config.maxWaiting).toBe(45_000)
  })

  it('says where each value came from', () => {
    const result = load({ env: { EVENTSAVER_SYMBOLS: 'BUSDT' }, flags: { category: 'linear' } })
    expect(result).toMatchObject({
      ok: true,
      origins: { symbols: 'environment', category: 'flag', batchSize: 'default' },
    })
  })
})

describe('a value that only a shell would read as it is meant', () => {
  const problemsOf = (env: Record<string, string>): string[] => {
    const result = load({ env })
    return result.ok ? [] : result.faults.map(({ where, problem }) => `${where}: ${problem}`)
  }

  it.each(Object.entries(SETTINGS))('is refused in quotes: %s', (_, { example, variable }) => {
    for (const quote of ['"', "'"]) {
      expect(problemsOf({ [variable]: `${quote}${example}${quote}` })).toContain(
        `${variable}: stands in quotes, which would be a part of it`,
      )
    }
  })

  it('is refused in quotes where it names the file of a secret, or is its content', () => {
    const path = file('quoted', '"postgres://me@127.0.0.1/db"\n')
    for (const text of [path, `"${path}"`]) {
      expect(problemsOf({ EVENTSAVER_DATABASE_URL_FILE: text })).toContain(
        'EVENTSAVER_DATABASE_URL_FILE: stands in quotes, which would be a part of it',
      )
    }
  })

  it.each([
    ['EVENTSAVER_DATA_DIR', '~/data'],
    ['EVENTSAVER_DATA_DIR', '$HOME/data'],
    ['EVENTSAVER_DATA_DIR', '$(DIR)/data'],
    ['EVENTSAVER_DATABASE_URL', 'pglite:~/grid'],
    ['EVENTSAVER_DATABASE_URL', 'pglite:$HOME/grid'],
  ])('is refused with what a shell replaces: %s=%s', (variable, text) => {
    expect(problemsOf({ [variable]: text })).toEqual([
      expect.stringMatching(`^${variable}: .*which only a shell replaces`),
    ])
  })
})

describe('values that follow from several settings', () => {
  it('the embedded database is in the data directory, relative to where the command was typed', () => {
    const config = configOf({ env: { EVENTSAVER_DATA_DIR: 'there' } })
    expect(config.dataDir).toBe(join(folder, 'there'))
    expect(config.databaseUrl).toBe(`pglite:${join(folder, 'there', 'grid')}`)
    const relative = configOf({ env: { EVENTSAVER_DATABASE_URL: 'pglite:./mine' } })
    expect(relative.databaseUrl).toBe(`pglite:${join(folder, 'mine')}`)
  })

  it('the stamp is the environment, or custom and the host of a WebSocket URL', () => {
    expect(configOf({}).environmentStamp).toBe('mainnet')
    expect(configOf({ env: { EVENTSAVER_TESTNET: 'true' } }).environmentStamp).toBe('testnet')
    const custom = configOf({ env: { EVENTSAVER_WS_URL: 'ws://127.0.0.1:9001' } })
    expect(custom.environmentStamp).toBe('custom:127.0.0.1')
  })

  it('a database is told from another by what the variables of PostgreSQL add to its URL', () => {
    const env = { PGHOST: 'db1', PGPORT: '5433', PGDATABASE: 'grid', PGPASSWORD: 's3cret' }
    expect(databaseName('postgres:///mine', env)).toBe('postgres:///mine PGHOST=db1 PGPORT=5433')
    expect(databaseName('postgres://me:pw@db2:5432', env)).toBe(
      'postgres://me:***@db2:5432 PGDATABASE=grid',
    )
    expect(databaseName('pglite:/srv/grid', env)).toBe('pglite:/srv/grid')
  })

  it('days are kept unless a retention is set', () => {
    const config = configOf({ env: { EVENTSAVER_RETENTION_PUBLIC_TRADES: '90d' } })
    expect(config.retentionPublicTrades).toBe(90 * 86_400_000)
    expect(config.retentionTickerSnapshots).toBeNull()
    const kept = configOf({ env: { EVENTSAVER_RETENTION_PUBLIC_TRADES: 'keep' } })
    expect(kept.retentionPublicTrades).toBeNull()
  })

  it('a _FILE variant names a file that holds the secret', () => {
    const path = file('url', 'postgres://someone@db/grid\n')
    const config = configOf({ env: { EVENTSAVER_DATABASE_URL_FILE: path } })
    expect(config.databaseUrl).toBe('postgres://someone@db/grid')
  })
})

describe('faults', () => {
  it('are all named at once, each with the variable, the value and the fix', () => {
    const faults = faultsOf({
      env: {
        EVENTSAVER_SYMBOLS: ' , ',
        EVENTSAVER_CATEGORY: 'futures',
        EVENTSAVER_CHANNELS: 'ticker,trades',
        EVENTSAVER_BATCH_SIZE: '0',
        EVENTSAVER_FLUSH_INTERVAL: 'soon',
        EVENTSAVER_WS_URL: 'http://127.0.0.1',
        EVENTSAVER_HTTP_ADDRESS: '9464',
        EVENTSAVER_MIGRATE: 'never',
        EVENTSAVER_DATABASE_URL: 'sqlite:///x',
        EVENTSAVER_ENVIRONMENT: 'prod',
        EVENTSAVER_RETENTION_PUBLIC_TRADES: '90',
        EVENTSAVER_RETENTION_TICKER_SNAPSHOTS: 'forever',
      },
    })
    expect(faults.map((fault) => fault.where).sort()).toEqual([
      'EVENTSAVER_BATCH_SIZE',
      'EVENTSAVER_CATEGORY',
      'EVENTSAVER_CHANNELS',
      'EVENTSAVER_DATABASE_URL',
      'EVENTSAVER_ENVIRONMENT',
      'EVENTSAVER_FLUSH_INTERVAL',
      'EVENTSAVER_HTTP_ADDRESS',
      'EVENTSAVER_MIGRATE',
      'EVENTSAVER_RETENTION_PUBLIC_TRADES',
      'EVENTSAVER_RETENTION_TICKER_SNAPSHOTS',
      'EVENTSAVER_SYMBOLS',
      'EVENTSAVER_WS_URL',
    ])
    const batch = faults.find((fault) => fault.where === 'EVENTSAVER_BATCH_SIZE')
    expect(batch?.problem).toBe('"0" must be a whole number from 1 to 10000')
    expect(batch?.fix).toBe('for example EVENTSAVER_BATCH_SIZE=1000')
  })

  it('names the file and the key', () => {
    const path = file('bad.json', '{"symbol":"X","batchSize":-1,"symbols":null}')
    expect(
      faultsOf({ file: path })
        .map((fault) => fault.where)
        .sort(),
    ).toEqual([path, `${path}: batchSize`, `${path}: symbols`].sort())
  })

  it.each(['[]', 'nonsense', '7'])('refuses the file content %s', (content) => {
    expect(faultsOf({ file: file('odd.json', content) })[0]?.problem).toBe('is not a JSON object')
  })

  it.each(['ws://h?', 'ws://h#', 'ws://:pw@h', 'ws://', 'h:1'])(
    'refuses the base URL %s',
    (url) => {
      expect(faultsOf({ env: { EVENTSAVER_WS_URL: url } })[0]?.where).toBe('EVENTSAVER_WS_URL')
    },
  )

  it('reads a file that begins with a byte order mark', () => {
    const path = file('bom.json', '\uFEFF{"batchSize":5}')
    expect(configOf({ file: path }).batchSize).toBe(5)
  })

  it('refuses a file that cannot be read', () => {
    expect(faultsOf({ file: 'nowhere.json' })[0]?.problem).toContain('ENOENT')
  })

  it('refuses contradictions', () => {
    const env = { EVENTSAVER_TESTNET: 'true', EVENTSAVER_ENVIRONMENT: 'mainnet' }
    expect(faultsOf({ env })[0]?.where).toBe('EVENTSAVER_TESTNET')
    const twice = { EVENTSAVER_DATABASE_URL: 'pglite:a', EVENTSAVER_DATABASE_URL_FILE: 'b' }
    expect(faultsOf({ env: twice })[0]?.where).toBe('EVENTSAVER_DATABASE_URL_FILE')
  })

  it('joins the region with the environment, and refuses one that has no hosts there', () => {
    const placeOf = (env: Record<string, string>): unknown => {
      const result = load({ env })
      return result.ok ? [result.config.environment, result.config.environmentStamp] : result.faults
    }
    expect(placeOf({ EVENTSAVER_REGION: 'tr' })).toEqual(['mainnet:tr', 'mainnet:tr'])
    const japan = { EVENTSAVER_REGION: 'jp', EVENTSAVER_TESTNET: 'true' }
    expect(placeOf(japan)).toEqual(['testnet:jp', 'testnet:jp'])
    expect(placeOf({ EVENTSAVER_REGION: 'us' })).toMatchObject([{ where: 'EVENTSAVER_REGION' }])
    for (const env of [
      { EVENTSAVER_REGION: 'tr', EVENTSAVER_ENVIRONMENT: 'testnet' },
      { EVENTSAVER_REGION: 'hk', EVENTSAVER_ENVIRONMENT: 'demo' },
    ]) {
      expect(placeOf(env)).toMatchObject([
        { where: 'EVENTSAVER_REGION', problem: expect.stringContaining('has no hosts for') },
      ])
    }
  })

  it('never shows a password', () => {
    const faults = faultsOf({ env: { EVENTSAVER_DATABASE_URL: 'mysql://u:canary-7@h/d' } })
    expect(JSON.stringify(faults)).not.toContain('canary-7')
  })

  it('never shows a password that stands where a key of the file should', () => {
    const path = file('swapped.json', '{"postgres://u:canary-9@h/d": "databaseUrl"}')
    const [fault] = faultsOf({ file: path })
    expect(fault?.problem).toBe('has an unknown key, the value')
    expect(JSON.stringify(fault)).not.toContain('canary-9')
  })

  it('reports variables that are not settings', () => {
    const result = load({ env: { EVENTSAVER_SYMBOL: 'BTCUSDT' } })
    expect(result).toMatchObject({ ok: true, unknownVariables: ['EVENTSAVER_SYMBOL'] })
  })

  it('accepts a variable of a later version without harm', () => {
    const env = { EVENTSAVER_ARCHIVE_URL: 'http://127.0.0.1:9003' }
    expect(load({ env })).toMatchObject({ ok: true, unknownVariables: Object.keys(env) })
  })
})

describe('symbols', () => {
  const wanted = (symbols: string, category = 'linear') =>
    configOf({ env: { EVENTSAVER_SYMBOLS: symbols, EVENTSAVER_CATEGORY: category } }).symbols
  const problems = (symbols: string, category = 'linear') =>
    faultsOf({ env: { EVENTSAVER_SYMBOLS: symbols, EVENTSAVER_CATEGORY: category } }).map(
      ({ where, problem }) => `${where}: ${problem}`,
    )

  it('assigns a name to every category that can have it', () => {
    expect(wanted('btcusdt, ETHUSDT,BTC-26DEC25-120000-C-USDT', 'linear,spot,option')).toEqual([
      { category: 'linear', all: false, names: ['BTCUSDT', 'ETHUSDT'] },
      { category: 'spot', all: false, names: ['BTCUSDT', 'ETHUSDT'] },
      { category: 'option', all: false, names: ['BTC-26DEC25-120000-C-USDT'] },
    ])
  })

  it('assigns a name with a category to that category alone, and reads * as all', () => {
    expect(wanted('spot:BTCUSDT,linear:*', 'linear,spot')).toEqual([
      { category: 'linear', all: true, names: [] },
      { category: 'spot', all: false, names: ['BTCUSDT'] },
    ])
  })

  it('reads a file with one name a line', () => {
    file('symbols.txt', '# majors\nBTCUSDT\n\n ethusdt # the other\n')
    expect(wanted('@symbols.txt')).toEqual([
      { category: 'linear', all: false, names: ['BTCUSDT', 'ETHUSDT'] },
    ])
  })

  it.each([
    ['spot:BTCUSDT', 'linear', 'spot:BTCUSDT is of a category that is not captured'],
    ['futures:BTCUSDT', 'linear', '"futures:BTCUSDT" begins with an unknown category'],
    ['BTCUSDT', 'option', 'names no symbol of category option'],
    ['BTC USDT', 'linear', '"BTC USDT" is not an instrument\'s name'],
    ['@nowhere.txt', 'linear', 'cannot read @nowhere.txt (ENOENT)'],
  ])('refuses %s for %s', (symbols, category, problem) => {
    expect(problems(symbols, category)).toEqual([`EVENTSAVER_SYMBOLS: ${problem}`])
  })

  it('need a REST URL beside a WebSocket URL when all instruments are wanted', () => {
    const env = { EVENTSAVER_SYMBOLS: '*', EVENTSAVER_WS_URL: 'ws://127.0.0.1:9001' }
    expect(faultsOf({ env }).map(({ where }) => where)).toEqual(['EVENTSAVER_REST_URL'])
  })
})

it.each([
  ['mainnet', 'http://127.0.0.1:9002', false],
  ['mainnet', 'https://api-testnet.bybit.com', false],
  ['mainnet', 'https://api.bybit.com', true],
  ['mainnet', 'https://api.bytick.com', true],
  ['testnet', 'https://api.bytick.com', false],
  ['demo', 'https://api-demo.bybit.com', true],
])('beside the sockets of %s, the REST URL %s is taken: %s', (environment, restUrl, isTaken) => {
  const env = { EVENTSAVER_ENVIRONMENT: environment, EVENTSAVER_REST_URL: restUrl }
  if (isTaken) return expect(load({ env })).toMatchObject({ config: { restUrl } })
  expect(faultsOf({ env })).toMatchObject([
    { where: 'EVENTSAVER_REST_URL', fix: expect.stringContaining('EVENTSAVER_WS_URL') },
  ])
  const both = { ...env, EVENTSAVER_WS_URL: 'ws://127.0.0.1:9001' }
  expect(load({ env: both })).toMatchObject({ config: { restUrl } })
})
