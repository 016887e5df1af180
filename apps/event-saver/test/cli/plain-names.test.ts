import { expect, it } from 'vitest'
import { accountLine, strayLine } from '../../src/cli/account/account-lines.ts'
import { statusLines } from '../../src/cli/capture/status.ts'
import { plainText } from '../../src/cli/plain-text.ts'
import type { SaverStatus } from '../../src/health/status.ts'

/** A program may have given an account any name: this one would clear the screen and add a line. */
const NAME = 'main\u001b[2J\nalice/other  enabled'
const ACCOUNT = {
  accountId: 'a',
  userId: 'u',
  username: 'ann\u202e',
  accountName: NAME,
  environment: 'mainnet',
  status: 'enabled',
  createdAt: 0,
  removedAt: null,
} as const

it('an account’s name is shown on one line, without commands for the terminal', () => {
  expect(accountLine(ACCOUNT)).toBe(
    'ann\\u202e/main\\u001b[2J\\u000aalice/other  enabled  enabled  mainnet  a',
  )
  expect(strayLine(ACCOUNT)).toContain('main\\u001b[2J\\u000aalice/other')
  const account = {
    accountName: NAME,
    state: 'refused',
    code: 'X',
    reason: 'no\u0007',
    unread: ['a b'],
  }
  const nothing = { checks: [], instruments: [], channels: [], gaps: {}, evidenceLost: {} }
  const status = { accounts: [account], ...nothing }
  const lines = statusLines(status as unknown as SaverStatus)
  expect(lines).toContain(
    'account main\\u001b[2J\\u000aalice/other  enabled: refused (X: no\\u0007), cannot read a b',
  )
})

it('the counts of a channel add up as they are printed, and no gap is left out', () => {
  const terms = [5, 6, 7, 8, 9, 10, 11, 12, 13]
  const [persisted, merged, duplicate, conflict, filtered, discarded, dropped, deadLettered] = terms
  const entry = {
    ...{ channel: 'ticker', received: 81, persisted, merged, duplicate, conflict, filtered },
    ...{ discarded, dropped, deadLettered, waiting: 13, imbalance: 0 },
  }
  const status = {
    ...{ accounts: [], checks: [], instruments: [], channels: [entry] },
    gaps: { open: 1, partial: 2, unrecoverable: 3, ignored: 4 },
    evidenceLost: { deadLetters: 5, gaps: 6 },
  }
  const lines = statusLines(status as unknown as SaverStatus)
  const counts = lines.find((line) => line.startsWith('ticker')) ?? ''
  const [received = 0, ...others] = [...counts.matchAll(/\d+/g)].map(Number)
  expect(others.reduce((sum, count) => sum + count, 0)).toBe(received)
  expect(lines).toContain('gaps: 1 open, 2 filled in part, 3 unrecoverable, 4 ignored')
  expect(lines.at(-1)).toMatch(/5 dead letters and 6 gaps/)
})

it('letters of any script stay, and what has two units is written with both', () => {
  expect(plainText('Gerät 币安 😀')).toBe('Gerät 币安 😀')
  expect(plainText('a\u{e0041}\u2028')).toBe('a\\udb40\\udc41\\u2028')
})
