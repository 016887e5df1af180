import { systemClock } from '@grid/core-events'
import { createDatabase, migrate } from '@grid/db'
import { OwnPostgres } from '@grid/testing'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { prepareDatabase } from '../../src/storage/prepare-database.ts'
import { loadTestConfig } from '../support/rig.ts'

it('a server that lets nobody write, as while its disk is full, refuses no start; a login that may only read is refused', {
  timeout: 180_000,
}, async () => {
  await using server = await OwnPostgres.create()
  const prepare = async (): Promise<boolean> => {
    const db = createDatabase({ url: server.url })
    const config = loadTestConfig('ws://127.0.0.1:9', server.url)
    const log = pino({ level: 'silent' })
    const { signal } = new AbortController()
    try {
      const options = { db, config, log, signal, clock: systemClock, exitOnDbError: true }
      return await prepareDatabase(options)
    } finally {
      await db.destroy()
    }
  }
  const db = createDatabase({ url: server.url })
  await migrate(db, { environment: 'custom:127.0.0.1' })
  await db.destroy()
  const role = new URL(server.url).username
  await server.query(`alter role ${role} set default_transaction_read_only = on`)
  await expect(prepare()).rejects.toMatchObject({ exitCode: 78, code: 'WRITING_REFUSED' })
  await server.query(`begin read write; alter role ${role} reset all; commit`)
  await server.query('alter system set default_transaction_read_only = on')
  await server.query('select pg_reload_conf()')
  await expect
    .poll(() => server.query('show default_transaction_read_only'))
    .toEqual([{ default_transaction_read_only: 'on' }])
  expect(await prepare()).toBe(true)
})
