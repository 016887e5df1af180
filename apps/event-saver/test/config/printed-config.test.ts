import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { loadConfig } from '../../src/config/load.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'grid-printed-'))
  writeFileSync(join(folder, 'names.txt'), 'BTCUSDT\n')
  writeFileSync(join(folder, 'url'), 'postgres://me:S3CRET@127.0.0.1/db\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

type Env = Readonly<Record<string, string>>

async function print(argv: readonly string[], env: Env) {
  const written = { out: '', err: '' }
  const code = await runProgram({
    argv: ['config', ...argv],
    env,
    cwd: folder,
    out: (text) => {
      written.out += text
    },
    err: (text) => {
      written.err += text
    },
    stdin: Readable.from([]),
  })
  return { code, ...written }
}

/** A configuration without the folder in which it was typed. */
function configOf(env: Env, file?: string, cwd = folder): unknown {
  const result = loadConfig({ flags: {}, env, cwd, file })
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result.config
}

const CONFIGURATIONS: readonly (readonly [string, Env])[] = [
  ['the defaults', {}],
  [
    'durations with units and without, lists, blanks around',
    {
      EVENTSAVER_FLUSH_INTERVAL: '0.1',
      EVENTSAVER_SNAPSHOT_INTERVAL: '90s',
      EVENTSAVER_RUN_TIMEOUT: '1.5h',
      EVENTSAVER_GAP_THRESHOLD_SECONDS: '3',
      EVENTSAVER_RETENTION_PUBLIC_TRADES: '90d',
      EVENTSAVER_CATEGORY: 'linear, spot',
      EVENTSAVER_SYMBOLS: ' spot:*, linear:@names.txt',
      EVENTSAVER_WS_URL: 'WS://127.0.0.1:9001/ ',
      EVENTSAVER_REST_URL: 'http://127.0.0.1:9002\n',
      EVENTSAVER_HTTP_ADDRESS: '[::1]:0',
      EVENTSAVER_DATABASE_URL: 'postgres://me@127.0.0.1/db?options=-c%20jit%3Doff&sslmode=disable',
    },
  ],
  [
    'relative folders, letters that a shell reads, testnet',
    {
      EVENTSAVER_DATA_DIR: "./it's $HOME `x` & more",
      EVENTSAVER_COLLECTOR: "a'b$c;d",
      EVENTSAVER_TESTNET: 'yes',
    },
  ],
  ['a region', { EVENTSAVER_REGION: 'tr' }],
  ['a region of the test network', { EVENTSAVER_REGION: 'hk', EVENTSAVER_TESTNET: 'true' }],
  ['a secret from a file', { EVENTSAVER_DATABASE_URL_FILE: 'url' }],
]

describe('what config prints gives the same configuration again, from another folder', () => {
  it.each(CONFIGURATIONS)('as lines for a shell: %s', async (_, env) => {
    const { code, out } = await print([], env)
    expect(code).toBe(0)
    expect(out).not.toContain('S3CRET')
    writeFileSync(join(folder, 'saver.env'), out)
    const script = `set -a; . ${join(folder, 'saver.env')}; exec "$0" -p 'JSON.stringify(process.env)'`
    const given = JSON.parse(
      execFileSync('/bin/sh', ['-c', script, process.execPath], { encoding: 'utf8', env: {} }),
    )
    expect(configOf(given, undefined, '/')).toEqual(configOf(env))
  })

  it.each(CONFIGURATIONS)('as a file of settings: %s', async (_, env) => {
    const { out } = await print(['--json'], env)
    expect(out).not.toContain('S3CRET')
    writeFileSync(join(folder, 'saver.json'), out)
    // What is secret must be given anew.
    const secret = { ...env, EVENTSAVER_DATABASE_URL_FILE: join(folder, 'url') }
    const again = 'EVENTSAVER_DATABASE_URL_FILE' in env ? secret : {}
    const file = join(folder, 'saver.json')
    expect(configOf(again as Env, file, '/')).toEqual(configOf(env))
  })
})

describe('a secret', () => {
  const env = {
    EVENTSAVER_DATABASE_URL: 'postgres://me:S3CRET@127.0.0.1/db',
    EVENTSAVER_ENCRYPTION_KEYS: `2026:${Buffer.from('S3CRET'.padEnd(32)).toString('base64')}`,
  }

  it('is not printed, and what stands for it is not given back', async () => {
    const { out } = await print([], env)
    expect(out).not.toContain('S3CRET')
    expect(out).not.toContain(env.EVENTSAVER_ENCRYPTION_KEYS.slice(5))
    expect(out).toContain('\n# EVENTSAVER_DATABASE_URL=postgres://me:***@127.0.0.1/db\n')
    expect(out).toContain('\n# EVENTSAVER_ENCRYPTION_KEYS=keys 2026\n')
  })

  it('must be given beside a printed file, which names it', async () => {
    const { out } = await print(['--json'], env)
    const file = join(folder, 'secret.json')
    writeFileSync(file, out)
    const { code, err } = await print(['--config', file], {})
    expect(code).toBe(78)
    expect(err).toContain(`${file}: databaseUrl: was not printed, as it holds a secret`)
    expect(err).toContain('set EVENTSAVER_ENCRYPTION_KEYS or EVENTSAVER_ENCRYPTION_KEYS_FILE')
    expect((await print(['--config', file], env)).code).toBe(0)
  })

  it('that was taken for the name of its file is not shown', async () => {
    const { code, err } = await print([], {
      EVENTSAVER_DATABASE_URL_FILE: env.EVENTSAVER_DATABASE_URL,
    })
    expect(code).toBe(78)
    expect(err).toContain(
      'EVENTSAVER_DATABASE_URL_FILE: cannot read the file that it names (ENOENT)',
    )
    expect(err).not.toContain('S3CRET')
  })
})

it('config names variables that are no settings', async () => {
  const env = { EVENTSAVER_SYMBOL: 'BTCUSDT', EVENTSAVER_WS_URL_FILE: 'x' }
  const { out } = await print([], env)
  expect(out).toContain(
    'EVENTSAVER_SYMBOL is not a setting of this version and has no effect; did you mean EVENTSAVER_SYMBOLS?',
  )
  const json = JSON.parse((await print(['--json'], env)).out)
  expect(json.unknownVariables).toEqual(['EVENTSAVER_SYMBOL', 'EVENTSAVER_WS_URL_FILE'])
})
