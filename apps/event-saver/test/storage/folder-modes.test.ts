import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, migrate } from '@grid/db'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openFolder } from '../../src/storage/folder-modes.ts'
import { makeSaver } from '../support/rig.ts'

let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'grid-modes-'))
})
afterAll(() => rmSync(root, { recursive: true }))

/** Every path below a folder whose mode gives others a right, with that mode. */
function looseIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name)
    const mode = lstatSync(path).mode & 0o777
    return (mode & 0o077) === 0 ? [] : [`${path} ${mode.toString(8)}`]
  })
}

it('an embedded database is for its owner alone, and looser modes are mended', async () => {
  const folder = join(root, 'data', 'grid')
  const db = createDatabase({ url: `pglite:${folder}` })
  await migrate(db, { environment: 'simulated' })
  expect(looseIn(root)).toEqual([])
  await db.destroy()
  expect(looseIn(root)).toEqual([])

  chmodSync(folder, 0o755)
  chmodSync(join(folder, 'base'), 0o777)
  chmodSync(join(folder, 'PG_VERSION'), 0o666)
  chmodSync(`${folder}.lock`, 0o644)
  const again = createDatabase({ url: `pglite:${folder}` })
  await migrate(again, { environment: 'simulated' })
  expect(looseIn(root)).toEqual([])
  expect(openFolder(folder)).toBeNull()
  await again.destroy()
})

it('a folder that stays open to others, or lies in one that all can write, is told of', () => {
  const above = join(root, 'mount')
  const folder = join(above, 'grid')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  expect(openFolder(folder)).toBeNull()
  chmodSync(folder, 0o770)
  expect(openFolder(folder)).toMatch(/grid has mode 0770, which cannot be changed/)
  chmodSync(folder, 0o700)
  chmodSync(above, 0o777)
  expect(openFolder(folder)).toMatch(/mount has mode 0777: everybody can put another folder/)
  // As /tmp is: others can add to it, and cannot take away.
  chmodSync(above, 0o1777)
  expect(openFolder(folder)).toBeNull()
})

it('a saver warns of such a folder of its journal, beside a server too', async () => {
  const above = join(root, 'journals')
  mkdirSync(above)
  chmodSync(above, 0o777)
  const away = 'postgres://me@127.0.0.1:9/db'
  const warnings = async (env: Readonly<Record<string, string>>) => {
    const { saver, log } = makeSaver('ws://127.0.0.1:9', away, {
      EVENTSAVER_DATA_DIR: join(above, 'data'),
      ...env,
    })
    await saver.start()
    await saver.stop(AbortSignal.abort())
    return log.filter(({ code }) => code === 'FOLDER_OPEN').map(({ msg }) => msg)
  }
  expect(await warnings({})).toEqual([
    expect.stringMatching(/journals has mode 0777: everybody can put .*data\/journal;/),
  ])
  expect(await warnings({ EVENTSAVER_JOURNAL: 'memory' })).toEqual([])
})

it('a saver warns of such a folder', { timeout: 180_000 }, async () => {
  const above = join(root, 'warned')
  mkdirSync(above)
  chmodSync(above, 0o777)
  const { saver, log } = makeSaver('ws://127.0.0.1:9', `pglite:${join(above, 'grid')}`)
  await saver.start()
  const warning = () => log.find(({ code }) => code === 'FOLDER_OPEN')?.msg
  await expect.poll(warning, { timeout: 120_000 }).toMatch(/warned has mode 0777/)
  await saver.stop(AbortSignal.timeout(30_000))
})
