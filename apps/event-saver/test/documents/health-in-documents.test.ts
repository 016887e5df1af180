import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { MACHINE_ALARMS } from '../../src/health/machine-watch.ts'
import { Readiness } from '../../src/health/readiness.ts'

const guide = readFileSync(new URL('../../../../docs/operating.md', import.meta.url), 'utf8')
/** The codes that begin the rows of the guide's tables. */
const rows = guide.match(/^\| `[A-Z_]+` \|/gm)?.map((row) => row.slice(3, -3)) ?? []

it('the guide says what each check of /readyz asks for', () => {
  const facts = {
    nowMs: 0,
    isDatabaseReady: true,
    topics: [],
    unlisted: [],
    silence: null,
    accountsUnknown: null,
    requiredAccounts: null,
    accepting: true,
    journalFault: null,
    lagMs: 0,
    deadLetters: null,
    exchangeClock: null,
    watchdog: null,
  }
  const codes = new Readiness().evaluate(facts).checks.map(({ code }) => code)
  expect(codes.filter((code) => !rows.includes(code))).toEqual([])
})

it('the guide says when each watchdog of the machine gives an alarm', () => {
  expect(MACHINE_ALARMS.filter((alarm) => !rows.includes(alarm))).toEqual([])
})

it('the guide names the metrics of readiness and of watchdogs', () => {
  const source = readFileSync(new URL('../../src/health/metrics.ts', import.meta.url), 'utf8')
  const names = source.match(/grid_(?:loop|clock|machine|memory|disk|exchange|ready)_?\w*/g) ?? []
  expect(names).toContain('grid_loop_stalls_total')
  expect(names.filter((name) => !guide.includes(name))).toEqual([])
})

it('the guide has a row for the codes of the log that this process gives about itself', () => {
  const codes = ['GAP', 'WRITE_SLOW', 'DELISTED', 'DEAD_LETTERS', 'STORED_IN_PART']
  expect(codes.filter((code) => !rows.includes(code))).toEqual([])
})
