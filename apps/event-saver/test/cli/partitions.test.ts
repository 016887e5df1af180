import { CaptureGapRepository, listRemovedDays, migrate } from '@grid/db'
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
    const hindered = await database.db.transaction().execute(async (trx) => {
      const day = dayOf(daysAgo(100)).replace(/^(\d+)-(\d+)-(\d+)$/, 'public_trades_y$1m$2d$3')
      await sql`lock table ${sql.table(day)} in share update exclusive mode`.execute(trx)
      return partitions('freeze')
    })
    expect(hindered.code).toBe(75)
    expect(hindered.stdout).toContain(
      `postponed public_trades ${dayOf(daysAgo(100))}: a lock or an older transaction`,
    )
    const freeze = await partitions('freeze')
    expect(freeze.code).toBe(0)
    for (const { stdout } of [hindered, freeze]) expect(stdout.match(/frozen$/gm)).toHaveLength(1)
    expect((await partitions('freeze')).stdout).toBe('no day is over and not frozen yet\n')

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
      { day: dayOf(daysAgo(50)), outcome: 'kept', reason: 'younger than 90 d' },
      { day: dayOf(daysAgo(0)), outcome: 'kept', reason: 'younger than 90 d' },
    ])
    const removed = await partitions('list', '--removed')
    expect(removed.stdout).toMatch(/removed .*1 rows.* by hand/)
  })

  it('narrows days that an earlier version stored', async () => {
    await using database = await ownDatabase()
    const env = {
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_WS_URL: 'ws://127.0.0.1:9',
      EVENTSAVER_COLLECTOR: 'hand',
    }
    const narrow = (...args: string[]) => runCli(['partitions', 'narrow', ...args], env)
    await migrate(database.db, { environment: ENVIRONMENT })
    const day = dayOf(daysAgo(3))
    const name = `ticker_snapshots_y${day.replace('-', 'm').replace('-', 'd')}`
    const next = dayOf(daysAgo(2))
    // As the version before made and filled it.
    for (const statement of [
      `create table ${name} (like ticker_snapshots including all)`,
      `alter table ${name} add primary key (category, symbol, exchange_ts, seq, is_snapshot)`,
      `alter table ticker_snapshots attach partition ${name}
        for values from ('${day} 00:00:00+00') to ('${next} 00:00:00+00')`,
      `insert into ${name} (category, symbol, exchange_ts, local_ts, seq, is_snapshot, changed, source)
        select 'linear', 'BTCUSDT', '${day} 12:00:00+00'::timestamptz + n * interval '1 second', now(), n,
          false, 0, 'ws' from generate_series(1, 100) as n`,
    ]) {
      await sql.raw(statement).execute(database.db)
    }
    const busy = await database.db.transaction().execute(async (trx) => {
      await sql`select count(*) from ticker_snapshots`.execute(trx)
      return narrow()
    })
    expect(busy).toMatchObject({ code: 75 })
    expect(busy.stdout).toMatch(`postponed ticker_snapshots ${day}: canceling statement`)
    const done = await narrow('--day', day, '--json')
    expect(done.code).toBe(0)
    expect(JSON.parse(done.stdout)).toMatchObject([{ day, outcome: 'narrowed', rows: 100 }])
    expect(await narrow()).toMatchObject({ code: 0, stdout: '' })
    const again = await narrow('--day', day)
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('DAY_NOT_DUE')
    expect(await narrow('--day', 'monday')).toMatchObject({ code: 2 })
  })

  it('says of each kept day why and until when, and removes days with open gaps by force', async () => {
    await using database = await ownDatabase()
    await migrate(database.db, { environment: ENVIRONMENT })
    await storeTrades(database.db, daysAgo(95), daysAgo(50), daysAgo(0))
    const stream = { channel: 'publicTrade', category: 'linear', symbol: 'BTCUSDT' } as const
    const times = { startTs: daysAgo(95), endTs: daysAgo(95), reason: 'disconnect' } as const
    await new CaptureGapRepository(database.db).insert([{ ...stream, ...times }], {
      collector: 'c',
    })
    const env = {
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_WS_URL: 'ws://127.0.0.1:9',
      EVENTSAVER_COLLECTOR: 'hand',
    }
    const prune = (...args: string[]) =>
      runCli(
        ['partitions', 'prune', '--table', 'public_trades', '--older-than', '90d', ...args],
        env,
      )
    const [old, middle, today] = [dayOf(daysAgo(95)), dayOf(daysAgo(50)), dayOf(daysAgo(0))]
    const dueOf = (day: string, days: number) =>
      `${dayOf(Date.parse(day) + (1 + 90 + days) * 86_400_000)} 00:00 UTC`

    const kept = await prune()
    expect(kept.stdout.split('\n')).toEqual([
      expect.stringMatching(
        new RegExp(
          `^kept      public_trades ${old}, .*: gaps of that day are not filled yet; due once they are, and ${dueOf(old, 14)} at the latest; --force`,
        ),
      ),
      `kept      public_trades ${middle} to ${today}, 2 days: younger than 90 d; ${middle} will be due ${dueOf(middle, 0)}`,
      '',
    ])
    const wouldBe = await prune('--force', '--dry-run')
    expect(wouldBe.stdout).toMatch(
      new RegExp(`^due       public_trades ${old}, .*with gaps that were never filled`),
    )
    expect(await listRemovedDays(database.db)).toEqual([])
    const forced = await prune('--force')
    expect(forced.stdout).toMatch(new RegExp(`^removed   public_trades ${old}`))
    expect(forced.stdout).toContain(`kept      public_trades ${middle} to ${today}`)
    expect(await listRemovedDays(database.db)).toMatchObject([
      { day: old, repairOverdue: true, requestedBy: expect.stringMatching(/^hand .*--force/) },
    ])
  })

  it('exits with the documented code when it refuses', async () => {
    const env = { EVENTSAVER_DATABASE_URL: 'postgres://nobody@127.0.0.1:9/grid' }
    const cases: [args: string[], code: number, text: string][] = [
      [['list', '--table', 'orders'], 2, 'orders'],
      [['prune'], 2, 'RETENTION_UNSET'],
      [['prune', '--older-than', '90d'], 2, 'TABLE_NEEDED'],
      [['prune', '--force'], 2, 'TABLE_NEEDED'],
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
