import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSimulator } from '@grid/bybit-sim'
import { build, type Options } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import tsupConfig from '../../tsup.config.ts'
import { Cli, runCli } from '../support/cli.ts'
import { ownDatabase } from '../support/rig.ts'

/** Where no package can be found. */
let folder: string
let deployed: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'grid-deployed-'))
  await build({ ...(tsupConfig as Options), config: false, outDir: folder, silent: true })
  deployed = join(folder, 'event-saver.mjs')
})
afterAll(() => rm(folder, { recursive: true }))

async function cachedFiles(): Promise<string[]> {
  const files = await readdir(join(folder, 'compile-cache'), { recursive: true }).catch(() => [])
  return files.filter((file) => file.includes('/'))
}

describe('the deployed build', () => {
  it('is two files that need no package, and makes no cache for a command that ends at once', async () => {
    expect((await readdir(folder)).sort()).toEqual(['event-saver.mjs', 'main.mjs'])
    const { code, stdout } = await runCli(['--version'], {}, deployed)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^event-saver \d/)
    expect(await cachedFiles()).toEqual([])
  })

  it('captures into PostgreSQL, and keeps compiled code although it is always killed', async () => {
    await using database = await ownDatabase()
    await using sim = await startSimulator({ seed: 71, symbols: ['BTCUSDT'], tradesPerSecond: 50 })
    const env = {
      EVENTSAVER_WS_URL: sim.wsUrl,
      EVENTSAVER_REST_URL: sim.restUrl,
      EVENTSAVER_DATABASE_URL: database.url,
      EVENTSAVER_SYMBOLS: 'BTCUSDT',
    }
    {
      await using killed = new Cli(['run'], env, deployed)
      await expect.poll(cachedFiles, { timeout: 60_000 }).not.toEqual([])
      expect(killed.log.map(({ msg }) => msg)).toContain('live')
    }
    await using saver = new Cli(['run'], env, deployed)
    await expect.poll(() => saver.httpAddress, { timeout: 60_000 }).toBeDefined()
    await expect
      .poll(async () => (await saver.get('/metrics')).text(), { timeout: 60_000 })
      .toMatch(/grid_events_persisted_total\{channel="publicTrade"\} [1-9]/)
    saver.kill('SIGTERM')
    expect(await saver.exited).toBe(0)
  })
})
