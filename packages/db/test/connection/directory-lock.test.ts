import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endWithThisProcess } from '@grid/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDatabase } from '../../src/index.ts'
import { START_TIMEOUT_MS } from '../support/databases.ts'

/** Another process that opens a directory, writes `open` or the code of the error, and stays. */
function opening(directory: string) {
  const script = `
    import { createDatabase } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)}
    import { sql } from 'kysely'
    const db = createDatabase({ url: ${JSON.stringify(`pglite:${directory}`)} })
    const said = await sql\`create table if not exists kept as select 7 as n\`.execute(db).then(() => 'open', ({ code }) => code)
    process.stdout.write(said)
    setInterval(() => {}, 1000)`
  const child = spawn(
    process.execPath,
    ['--conditions=@grid/source', '--input-type=module-typescript', '-e', script],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  endWithThisProcess(child)
  return child
}

describe('a PGlite directory', { timeout: START_TIMEOUT_MS }, () => {
  let home: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'grid-lock-'))
  })
  afterEach(() => rmSync(home, { recursive: true, force: true }))

  it('is opened once in a process, by any of its paths, and can be opened again after destroy', async () => {
    const directory = join(home, 'missing', 'parents', 'grid')
    const first = createDatabase({ url: `pglite:${directory}` })
    await sql`create table kept (n integer)`.execute(first)
    symlinkSync(directory, join(home, 'alias'))
    const second = createDatabase({ url: `pglite:${join(home, 'alias')}` })
    await expect(sql`select 1`.execute(second)).rejects.toMatchObject({
      code: 'DATABASE_LOCKED',
      retryable: true,
      message: expect.stringContaining('this process already'),
    })
    await first.destroy()
    // The refused Kysely connects by its next query.
    await sql`insert into kept values (1)`.execute(second)
    await second.destroy()
  })

  it('is refused while another process has it open, and can be opened once that was killed', async () => {
    const directory = join(home, 'grid')
    // What an old crash may leave behind: a pid that a living process has now.
    writeFileSync(`${directory}.lock`, '')
    writeFileSync(`${directory}.lock.pid`, String(process.pid))
    const child = opening(directory)
    await once(child.stdout, 'data')
    const db = createDatabase({ url: `pglite:${directory}` })
    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({
      code: 'DATABASE_LOCKED',
      message: expect.stringContaining(`process ${child.pid}`),
      context: { pid: child.pid },
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    const { rows } = await sql<{ n: number }>`select n from kept`.execute(db)
    expect(rows).toEqual([{ n: 7 }])
    // A recovery that walked through the directory would have lost the lock within it.
    rmSync(`${directory}.lock`)
    const other = opening(directory)
    expect(String(await once(other.stdout, 'data'))).toBe('DATABASE_LOCKED')
    other.kill('SIGKILL')
    await db.destroy()
    expect(existsSync(`${directory}.lock.pid`)).toBe(false)
  })

  it('is refused under another path to it, as a mount gives one, and needs nothing beside it', async () => {
    const directory = join(home, 'grid')
    // Nothing can be locked there.
    mkdirSync(`${directory}.lock`)
    const first = createDatabase({ url: `pglite:${directory}` })
    await sql`create table kept as select 7 as n`.execute(first)
    const mount = join(home, 'mount')
    renameSync(directory, mount)
    const second = createDatabase({ url: `pglite:${mount}` })
    await expect(sql`select 1`.execute(second)).rejects.toMatchObject({
      code: 'DATABASE_LOCKED',
      context: { directory: mount, pid: process.pid },
    })
    renameSync(mount, directory)
    await sql`checkpoint`.execute(first)
    await first.destroy()
    renameSync(directory, mount)
    const { rows } = await sql<{ n: number }>`select n from kept`.execute(second)
    expect(rows).toEqual([{ n: 7 }])
    await second.destroy()
    expect(existsSync(join(mount, '.grid.lock.pid'))).toBe(false)
  })
})
