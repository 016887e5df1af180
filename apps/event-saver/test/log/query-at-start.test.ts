import { pino } from 'pino'
import { expect, it } from 'vitest'
import { queryAtStart } from '../../src/log/query-or-warn.ts'
import { HURRIED_CLOCK } from '../support/hurried-clock.ts'

/** Runs a query that fails with these codes, one after another, and then for ever with the last or not at all. */
async function run(codes: readonly string[], thenFails: boolean): Promise<[number, string[]]> {
  const lines: string[] = []
  const log = pino({}, { write: (line) => lines.push(JSON.parse(line).msg) })
  let runs = 0
  await queryAtStart(
    { log, clock: HURRIED_CLOCK, signal: new AbortController().signal },
    async () => {
      const code = codes[runs++] ?? (thenFails ? codes.at(-1) : undefined)
      if (code !== undefined) throw Object.assign(new Error('no'), { code })
    },
  )
  return [runs, lines]
}

const TEXT = 'cannot tell what was missed before this start'

it('a query of the start is run until the database answers', async () => {
  const codes = Array(20).fill('ECONNREFUSED')
  const [runs, lines] = await run([...codes, '57P01'], false)
  expect(runs).toBe(22)
  expect(lines[0]).toBe(`${TEXT}, trying again`)
  expect(lines).not.toContain(TEXT)
})

it('is given up, and said so, where the server always answers with an error', async () => {
  expect(await run(['42501'], true)).toEqual([1, [TEXT]])
  const [runs, lines] = await run(['57014'], true)
  expect(runs).toBe(8)
  expect(lines.at(-1)).toBe(TEXT)
})
