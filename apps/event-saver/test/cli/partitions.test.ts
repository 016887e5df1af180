import { listRemovedDays, migrate } from '@grid/db'
import { clearOfMidnight } from '@grid/testing'
import { sql } from 'kysely'
import { beforeEach, describe, expect, it } from 'vitest'
import { runCli } from '../support/cli.ts'
import { dayOf, daysAgo, storeTrades } from '../support/old-days.ts'
import { ownDatabase } from '../support/rig.ts'

const ENVIRONMENT = 'custom:127.0.0.1'

beforeEach(clearOfMidnight)

describe('event-saver partitions', () => {
  it('lists, freezes and prunes days, and lists the removed ones', async () => {
    await using database = await ownDatabase()
    const env = {
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_WS_URL: 'ws://127.0.0.1:9',
      EVENTSAVER_COLLECTOR: 'hand',
    }
    const partitions = (...args: string[]) => runCli(['partitions', ...args], env)
    expect(await partitions('list')).toMatchObject({ code: 78, stdout: '' })
    await migrate(database.db, { environment: ENVIRONMENT })
    await storeTrades(database.db, daysAgo(100), daysAgo(50), daysAgo(0))

    const list = await partitions('list', '--json', '--exact', '--table', 'public_trades')
    expect(list.code).toBe(0)
    expect(JSON.parse(list.stdout)).toMatchObject([
      { day: dayOf(daysAgo(100)), rows: 1, state: 'attached', isClosed: true, isFrozen: false },
      { day: dayOf(daysAgo(50)), rows: 1 },
      { day: dayOf(daysAgo(0)), rows: 1, isClosed: false },
    ])
    const freeze = await partitions('freeze')
    expect(freeze.code).toBe(0)
    expect(freeze.stdout.match(/frozen/g)).toHaveLength(2)

    const past = ['--table', 'public_trades', '--older-than', '90d']
    const dry = await partitions('prune', '--dry-run', ...past)
    expect(dry.code).toBe(0)
    expect(dry.stdout).toContain(`due       public_trades ${dayOf(daysAgo(100))}, 1 rows`)
    expect(await listRemovedDays(database.db)).toEqual([])

    const blocked = await database.db.transaction().execute(async (trx) => {
      await sql`select count(*) from public_trades`.execute(trx)
      return partitions('prune', ...past)
    })
    expect(blocked.code).toBe(75)
    expect(blocked.stdout).toMatch(/^postponed public_trades .*: canceling statement/)
    const pruned = await partitions('prune', '--json', ...past)
    expect(pruned.code).toBe(0)
    expect(JSON.parse(pruned.stdout)).toMatchObject([
      { table: 'public_trades', day: dayOf(daysAgo(100)), outcome: 'removed', rows: 1 },
    ])
    const removed = await partitions('list', '--removed')
    expect(removed.stdout).toMatch(/removed .*1 rows.* by hand/)
  })

  it('exits with the documented code when it refuses', async () => {
    const env = { EVENTSAVER_DATABASE_URL: 'postgres://nobody@127.0.0.1:9/grid' }
    const cases: [args: string[], code: number, text: string][] = [
      [['list', '--table', 'orders'], 2, 'orders'],
      [['prune'], 2, 'RETENTION_UNSET'],
      [['prune', '--older-than', '90d'], 2, 'TABLE_NEEDED'],
      [['prune', '--table', 'public_trades', '--older-than', '1h'], 2, '"1h"'],
      [['list'], 75, 'DATABASE_UNREACHABLE'],
    ]
    await Promise.all(
      cases.map(async ([args, code, text]) => {
        const result = await runCli(['partitions', ...args], env)
        expect(result.code, args.join(' ')).toBe(code)
        expect(result.stderr).toContain(text)
      }),
    )
  })
})
