import { systemClock } from '@grid/core-events'
import { createDatabase, migrate } from '@grid/db'
import { sql } from 'kysely'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { AccountHints } from '../../src/accounts/account-hints.ts'
import { CollectorClaim } from '../../src/storage/collector-claim.ts'
import { RefusingServer } from '../support/refusing-server.ts'
import { ownDatabase } from '../support/rig.ts'

const log = pino({ level: 'silent' })

function claimOf(databaseUrl: string, logger = log): CollectorClaim {
  return new CollectorClaim({ databaseUrl, collector: 'one', log: logger, onTaken: () => {} })
}

function withPath(url: string, path: string): string {
  const odd = new URL(url)
  odd.searchParams.set('options', `-c search_path=${path}`)
  return odd.href
}

describe('a connection beside the pools', () => {
  it.each(['elsewhere', 'pg_catalog', ''])(
    'holds one name of a collector whatever the search path: "%s"',
    async (path) => {
      await using database = await ownDatabase()
      await migrate(database.db, { environment: 'simulated' })
      await sql`create schema elsewhere`.execute(database.db)
      const odd = claimOf(withPath(database.url, path))
      await odd.take()
      await expect(claimOf(database.url).take()).rejects.toMatchObject({ code: 'COLLECTOR_TAKEN' })
      await odd.release(AbortSignal.timeout(30_000))
      const plain = claimOf(database.url)
      await plain.take()
      await plain.release(AbortSignal.timeout(30_000))
    },
  )

  it('holds a name also where several schemas have tables and the search path names none', async () => {
    await using database = await ownDatabase()
    for (const schema of ['a', 'b']) {
      await sql`create schema ${sql.ref(schema)} create table grid_meta ()`.execute(database.db)
    }
    const claim = claimOf(database.url)
    await claim.take()
    await claim.release(AbortSignal.timeout(30_000))
  })

  it('claims no name that a login without rights holds, and captures all the same', async () => {
    await using database = await ownDatabase()
    await migrate(database.db, { environment: 'simulated' })
    const role = `grid_stranger_${process.pid}`
    await sql`create role ${sql.ref(role)} login`.execute(database.db)
    const url = new URL(database.url)
    url.username = role
    const stranger = createDatabase({ url: url.href })
    const lines: { code?: string }[] = []
    const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
    try {
      await stranger.transaction().execute(async (trx) => {
        await sql`select pg_advisory_xact_lock(hashtextextended('event-saver collector one',
          'grid_meta'::regclass::oid::bigint))`.execute(trx)
        const claim = claimOf(database.url, logger)
        await claim.take()
        expect(lines.map(({ code }) => code)).toEqual(['COLLECTOR_UNCLAIMED'])
        await claim.release(AbortSignal.timeout(30_000))
      })
    } finally {
      await stranger.destroy()
      await sql`drop role ${sql.ref(role)}`.execute(database.db)
    }
  })

  it('ends at a message that the driver cannot read, and not the process', async () => {
    await using server = await RefusingServer.start('kerberos')
    const url = `postgres://grid@127.0.0.1:${server.port}/grid`
    await expect(claimOf(url).take()).rejects.toThrow(/authenticationOk/)
    const stop = new AbortController()
    const onHint = (): void => {}
    const hints = new AccountHints({ databaseUrl: url, clock: systemClock, onHint })
    const running = hints.run(stop.signal)
    await expect.poll(() => server.connections).toBe(2)
    // Its connection ends only once the driver gave the message up.
    await expect.poll(() => server.open, { timeout: 5_000 }).toBe(0)
    stop.abort()
    await running
  })
})
