import { execFileSync } from 'node:child_process'
// Has its types checked.
import type {} from '@grid/config/moved-clock'
import { createTestDatabase } from '@grid/testing'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'

const AT = '2028-02-29T23:58:00.000Z'
/** Processes start slowly on a busy machine. */
const TOLERANCE_MS = 60_000

const clock = import.meta.resolve('@grid/config/moved-clock')
const aroundThen = (time: number): boolean => Math.abs(time - Date.parse(AT)) < TOLERANCE_MS

/** Runs a script whose clock starts at {@link AT}, and returns what it prints, as JSON. */
function run<Value>(script: string): Value {
  const args = ['--input-type=module', '--import', clock, '--eval', script]
  const { GRID_CLOCK_OFFSET_MS: _, ...env } = process.env
  const output = execFileSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...env, GRID_TEST_AT: AT },
  })
  return JSON.parse(output) as Value
}

describe('a moved clock', () => {
  it('is what all of a process asks for the time, and what it starts as well', () => {
    const ask = `[
      Date.now(), new Date().getTime(), Date.parse(Date()), Date.parse(new Date(Date.now())),
      performance.timeOrigin + performance.now(),
    ]`
    const times = run<number[]>(`
      import { execFileSync } from 'node:child_process'
      const args = ['--input-type=module', '--eval', ${JSON.stringify(`console.log(JSON.stringify(${ask}))`)}]
      const child = execFileSync(process.execPath, args, { encoding: 'utf8', env: process.env })
      console.log(JSON.stringify([...${ask}, ...JSON.parse(child)]))`)
    expect(times).toHaveLength(10)
    expect(times.filter((time) => !aroundThen(time))).toEqual([])
  })

  it('changes neither times that are given nor what a Date is', () => {
    const facts = run<unknown[]>(`
      import { isDate } from 'node:util/types'
      import { statSync } from 'node:fs'
      class Later extends Date {}
      const given = new Date(2024, 1, 29, 12)
      console.log(JSON.stringify([
        new Date(5).getTime(), Date.UTC(1970, 0, 2), given.getDate(), isDate(new Date()),
        new Later(7).getTime(), new Later() instanceof Later, statSync('.').mtime instanceof Date,
        new Date().constructor === Date, Date.name,
      ]))`)
    expect(facts).toEqual([5, 86_400_000, 29, true, 7, true, true, true, 'Date'])
  })

  it('leaves timers alone', () => {
    const tookMs = run<number>(`
      const start = performance.now()
      setTimeout(() => console.log(performance.now() - start), 20)`)
    expect(tookMs).toBeGreaterThan(15)
    expect(tookMs).toBeLessThan(TOLERANCE_MS)
  })
})

describe('a test database', () => {
  const before = process.env['GRID_CLOCK_OFFSET_MS']
  const offsetMs = Date.parse(AT) - Date.now() + Number(before ?? 0)
  beforeEach(() => {
    process.env['GRID_CLOCK_OFFSET_MS'] = String(offsetMs)
  })
  afterEach(() => {
    if (before === undefined) delete process.env['GRID_CLOCK_OFFSET_MS']
    else process.env['GRID_CLOCK_OFFSET_MS'] = before
  })

  it('has the moved clock as now(), and the real one where the server times itself', async () => {
    const database = await createTestDatabase(inject('postgresUrl'))
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const ask = async (query: string): Promise<Date> => (await client.query(query)).rows[0]?.time
    try {
      await client.query('create table notes (time timestamptz default now(), n integer)')
      await client.query('insert into notes (n) values (1)')
      const moved = ['select now() as time', 'select time from public.notes']
      for (const query of moved) expect(aroundThen(Number(await ask(query)))).toBe(true)
      const real = await ask('select clock_timestamp() as time')
      expect(Math.abs(Number(real) + offsetMs - Date.parse(AT))).toBeLessThan(TOLERANCE_MS)
      await client.query('set statement_timeout = 50')
      await expect(client.query('select pg_sleep(30)')).rejects.toMatchObject({ code: '57014' })
    } finally {
      await client.end()
      await database.drop()
    }
  })
})
