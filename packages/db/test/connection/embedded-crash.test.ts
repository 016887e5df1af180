import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { endWithThisProcess } from '@grid/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createDatabase } from '../../src/index.ts'
import { START_TIMEOUT_MS } from '../support/databases.ts'
import { trade } from '../support/events.ts'

const BATCH = 50
const KILLS = 3

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'grid-crash-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

/** Starts a process that stores batch after batch, and prints each one that is stored. */
function startWriter(directory: string, round: number): ChildProcess {
  const source = new URL('../../src/index.ts', import.meta.url).href
  const script = `
    import { createDatabase, migrate, PublicTradeRepository } from ${JSON.stringify(source)}
    const db = createDatabase({ url: ${JSON.stringify(`pglite:${directory}`)} })
    await migrate(db)
    const trades = new PublicTradeRepository(db)
    const event = ${JSON.stringify(trade())}
    for (let batch = 0; ; batch++) {
      const ids = Array.from({ length: ${BATCH} }, (_, n) => '${round}-' + batch + '-' + n)
      await trades.bulkInsert(ids.map((tradeId) => ({ ...event, tradeId })))
      process.stdout.write(batch + '\\n')
    }`
  const flags = ['--conditions=@grid/source', '--input-type=module-typescript', '-e', script]
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] })
  endWithThisProcess(child)
  return child
}

it(
  'a directory still opens, with every acknowledged row, after each kill -9 during a write',
  async () => {
    const directory = join(home, 'grid')
    const acknowledged = new Set<string>()
    for (let round = 0; round < KILLS; round++) {
      const child = startWriter(directory, round)
      if (child.stdout === null) throw new Error('no output')
      for await (const batch of createInterface(child.stdout)) {
        acknowledged.add(`${round}-${batch}`)
        // During the next batch, at another moment each time.
        if (Number(batch) === 5 + 9 * round) setTimeout(() => child.kill('SIGKILL'), 3 * round)
      }
      if (child.signalCode === null) await once(child, 'exit')
      expect(child.signalCode).toBe('SIGKILL')

      const db = createDatabase({ url: `pglite:${directory}` })
      const { rows } = await sql<{ batch: string; n: number }>`
        select regexp_replace(trade_id, '-[0-9]+$', '') as batch, count(*)::integer as n
        from public_trades group by 1`.execute(db)
      await db.destroy()
      // A batch is stored whole or not at all.
      expect(rows.filter(({ n }) => n !== BATCH)).toEqual([])
      const stored = new Set(rows.map(({ batch }) => batch))
      expect([...acknowledged].filter((batch) => !stored.has(batch))).toEqual([])
      expect(stored.size).toBeLessThanOrEqual(acknowledged.size + KILLS)
    }
    expect(acknowledged.size).toBeGreaterThan(5 * KILLS)
  },
  START_TIMEOUT_MS,
)
