import { hostname } from 'node:os'
import { join } from 'node:path'
import { startSimulator } from '@grid/bybit-sim'
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { examineDatabase } from '../../src/doctor/database.ts'
import { examine } from '../../src/doctor/doctor.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { examineJournal } from '../../src/doctor/journal.ts'
import { open } from '../journal/support/journals.ts'
import { Tenants } from '../support/accounts.ts'
import { ownFolder } from '../support/own-folder.ts'
import { ownDatabase } from '../support/rig.ts'

function configOf(env: Readonly<Record<string, string>>) {
  const loaded = loadConfig({ flags: {}, env, cwd: process.cwd() })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults))
  return loaded.config
}

/** The findings of one code, each with its fix. */
function of(code: Finding['code'], findings: readonly Finding[]): string[] {
  const own = findings.filter((finding) => finding.code === code)
  return own.map(({ ok, detail, fix }) => `${ok ? 'ok' : 'FAIL'} ${detail}; ${fix}`)
}

describe('doctor examines what this configuration would capture', { timeout: 120_000 }, () => {
  it('and names accounts that it could not', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 5, symbols: ['BTCUSDT'] })
    const tenants = await Tenants.prepare(database.db, sim)
    const { accountId } = await tenants.add('ann', 'main')
    const base = { EVENTSAVER_DATABASE_URL: database.url, EVENTSAVER_WS_URL: sim.wsUrl }
    const rest = { EVENTSAVER_REST_URL: sim.restUrl }
    const accounts = async (env: Readonly<Record<string, string>>) =>
      of('ACCOUNTS', await examineDatabase(configOf({ ...base, ...env })))
    const keys = { EVENTSAVER_ENCRYPTION_KEYS: tenants.keysText }
    expect(await accounts({ ...keys, ...rest })).toEqual([
      expect.stringMatching(/^ok 1 enabled account can be/),
    ])
    const other = { EVENTSAVER_ENCRYPTION_KEYS: `other:${Buffer.alloc(32).toString('base64')}` }
    for (const env of [{}, other]) {
      const [line, ...more] = await accounts({ ...rest, ...env })
      expect(more).toEqual([])
      expect(line).toMatch(/^FAIL account .*; set EVENTSAVER_ENCRYPTION_KEYS/)
      expect(line).toContain(accountId)
    }
    expect(await accounts(keys)).toEqual([
      expect.stringMatching(/^FAIL .*REST_URL_MISSING.*; set EVENTSAVER_REST_URL/),
    ])
  })

  it('and whether the journal can be used, as far as there is one', async () => {
    const config = configOf({ EVENTSAVER_DATA_DIR: ownFolder() })
    const seen = async (more: Partial<typeof config> = {}) =>
      of('JOURNAL', await examineJournal({ ...config, ...more }))
    expect(await seen()).toEqual([])
    await open(join(config.dataDir, 'journal'), { environment: 'mainnet' }).journal.close()
    expect(await seen()).toEqual([expect.stringMatching(/^ok a file could be written/)])
    expect(await seen({ environmentStamp: 'testnet' })).toEqual([
      expect.stringMatching(/^FAIL .*is of mainnet.*captures testnet; name another folder/),
    ])
    expect(await seen({ environmentStamp: 'testnet', journal: 'memory' })).toEqual([])
  })

  it('and who holds the collector’s name', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 5, symbols: ['BTCUSDT'] })
    await Tenants.prepare(database.db, sim)
    const config = configOf({
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_WS_URL: sim.wsUrl,
      EVENTSAVER_COLLECTOR: 'one',
    })
    const seen = () => examineDatabase(config).then((findings) => of('COLLECTOR', findings))
    expect(await seen()).toEqual([])
    for (const [host, said] of [
      [hostname(), /^ok .*"one" is held by process 7 on .*: a second saver is refused/],
      ['elsewhere', /^FAIL .*"one" is held by process 7 on elsewhere, .*EVENTSAVER_COLLECTOR/],
    ] as const) {
      await database.db.transaction().execute(async (trx) => {
        const name = `event-saver 0badcafe 7@${host}`
        await sql`select set_config('application_name', ${name}, true)`.execute(trx)
        await sql`select pg_advisory_xact_lock(hashtextextended('event-saver collector one',
          to_regclass('grid_meta')::oid::bigint))`.execute(trx)
        expect(await seen()).toEqual([expect.stringMatching(said)])
      })
    }
  })

  it('and what the server may lose again, and whether the journal heals it', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 5, symbols: ['BTCUSDT'] })
    await Tenants.prepare(database.db, sim)
    const seen = async (commit: 'on' | 'off', env: Readonly<Record<string, string>> = {}) => {
      const url = new URL(database.url)
      url.searchParams.set('options', `-c synchronous_commit=${commit}`)
      const base = { EVENTSAVER_DATABASE_URL: url.href, EVENTSAVER_WS_URL: sim.wsUrl }
      const findings = of('JOURNAL', await examineDatabase(configOf({ ...base, ...env })))
      expect(findings).toHaveLength(1)
      return findings[0]
    }
    expect(await seen('on')).toMatch(/^ok the journal keeps stored frames for 1 h, /)
    expect(await seen('off')).toMatch(/^ok synchronous_commit is off, .* for 1 h, /)
    const none = { EVENTSAVER_JOURNAL_RETENTION: '0s' }
    expect(await seen('on', none)).toMatch(/^ok EVENTSAVER_JOURNAL_RETENTION is 0, .*is lost; $/)
    expect(await seen('off', none)).toMatch(
      /^FAIL synchronous_commit is off, .*they are lost; set EVENTSAVER_JOURNAL_RETENTION=1h, or/,
    )
    const memory = { EVENTSAVER_JOURNAL: 'memory' }
    expect(await seen('off', memory)).toMatch(/^FAIL .*; set EVENTSAVER_JOURNAL=disk, or/)
  })

  it('and opens a WebSocket, as another server may answer at its address', async () => {
    await using sim = await startSimulator({ seed: 5, symbols: ['BTCUSDT'] })
    const hosts = async (wsUrl: string) => {
      const env = { EVENTSAVER_WS_URL: wsUrl, EVENTSAVER_REST_URL: sim.restUrl }
      const folder = { EVENTSAVER_DATABASE_URL: 'pglite:/proc/grid' }
      return of('EXCHANGE_HOST', await examine(configOf({ ...env, ...folder }), []))
    }
    const [socket, rest] = await hosts(sim.wsUrl)
    expect(socket).toMatch(/^ok 127\.0\.0\.1 is 127\.0\.0\.1, a WebSocket opens/)
    expect(rest).toMatch(/^ok .*TCP connects/)
    const [wrong] = await hosts(sim.restUrl.replace(/^http/, 'ws'))
    expect(wrong).toMatch(/^FAIL .*\/v5\/public\/linear is no WebSocket \(HTTP 4\d\d\)/)
  })

  it('and the disk of an embedded database elsewhere, and says what it cannot see without REST', async () => {
    const config = configOf({
      EVENTSAVER_DATABASE_URL: 'pglite:/proc/grid',
      EVENTSAVER_WS_URL: 'ws://127.0.0.1:9',
      EVENTSAVER_HTTP_ADDRESS: '127.0.0.1:0',
    })
    const findings = await examine(config, [])
    expect(of('DISK_SPACE', findings)).toEqual([
      expect.not.stringContaining('/proc'),
      expect.stringMatching(/^FAIL 0\.0 GiB free at \/proc; .*EVENTSAVER_DATABASE_URL/),
    ])
    const hosts = of('EXCHANGE_HOST', findings)
    expect(hosts).toEqual([
      expect.stringContaining('127.0.0.1 cannot be reached'),
      expect.stringMatching(/^ok cannot see the clock.*EVENTSAVER_REST_URL/),
    ])
  })
})
