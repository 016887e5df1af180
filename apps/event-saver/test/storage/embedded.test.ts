import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startSimulator } from '@grid/bybit-sim'
import { createDatabase } from '@grid/db'
import { expect, it } from 'vitest'
import { Cli, runCli } from '../support/cli.ts'
import { prove } from '../support/rig.ts'

/** All commands that `--help` lists. */
async function allCommands(): Promise<string[][]> {
  const { stdout } = await runCli(['--help'])
  const names = [...stdout.matchAll(/^ {2}([a-z][a-z-]*)(?: |$)/gm)].map(([, name = '']) => name)
  const plain = names.filter((name) => !['help', 'partitions'].includes(name))
  return [
    ...plain.map((name) => [name]),
    ['partitions', 'list'],
    ['partitions', 'prune', '--table', 'public_trades', '--older-than', '1d'],
    ['partitions', 'prune', '--table', 'public_trades', '--older-than', '1d', '--dry-run'],
    ['partitions', 'freeze'],
  ]
}

/** Commands that need the database, and so must name the process that has it. */
const REFUSED = ['run', 'migrate', 'partitions']

/** Waits until no more items arrive and none waits. */
async function settled(saver: Cli): Promise<void> {
  for (let before = -1, same = 0; same < 3; await wait(200)) {
    const { channels } = await saver.status()
    const received = channels.reduce((sum, entry) => sum + entry.received, 0)
    const waiting = channels.reduce((sum, entry) => sum + entry.waiting, 0)
    same = received === before && waiting === 0 ? same + 1 : 0
    before = received
  }
}

it('no command that is run beside a saver makes its embedded database lose a row', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'grid-embedded-'))
  await using sim = await startSimulator({ seed: 31, symbols: ['BTCUSDT'], tradesPerSecond: 300 })
  const env = {
    EVENTSAVER_WS_URL: sim.wsUrl,
    EVENTSAVER_REST_URL: sim.restUrl,
    EVENTSAVER_DATA_DIR: dataDir,
    EVENTSAVER_SYMBOLS: 'BTCUSDT',
  }
  await using saver = new Cli(['run'], env)
  await expect.poll(() => saver.httpAddress, { timeout: 120_000 }).toBeDefined()
  await expect.poll(async () => (await saver.get('/readyz')).status, { timeout: 120_000 }).toBe(200)
  const { pid } = await saver.status()
  // The same environment, but no exchange: a second saver must not receive what it cannot store.
  const elsewhere = { ...env, EVENTSAVER_WS_URL: 'ws://127.0.0.1:9' }
  const beside = { ...elsewhere, EVENTSAVER_JOURNAL: 'memory' }
  const reachable = { ...elsewhere, EVENTSAVER_HTTP_ADDRESS: saver.httpAddress ?? '' }

  const commands = await allCommands()
  expect(commands.length).toBeGreaterThan(8)
  for (const args of commands) {
    // A second saver gets a port and no journal of its own, so that it fails because of the database.
    const { code, stdout, stderr } = await runCli(args, args[0] === 'run' ? beside : reachable)
    const said = `${args.join(' ')}: ${code} ${stdout}${stderr}`
    if (REFUSED.includes(args[0] ?? '')) {
      expect(code, said).toBe(75)
      expect(stderr, said).toContain('DATABASE_LOCKED')
      expect(stderr, said).toContain(`process ${pid}`)
    }
    if (args[0] === 'doctor') expect(stdout, said).toContain(`process ${pid}`)
  }

  sim.pause()
  await settled(saver)
  saver.kill('SIGTERM')
  expect(await saver.exited).toBe(0)
  const db = createDatabase({ url: `pglite:${join(dataDir, 'grid')}`, readOnly: true })
  const proof = await prove(db, sim)
  expect(proof, JSON.stringify(proof)).toMatchObject({
    missing: 0,
    unexpected: 0,
    different: 0,
    unsentOutsideGaps: 0,
    neverSent: [],
  })
  expect(proof.trades.stored).toBeGreaterThan(100)
  await db.destroy()
  await rm(dataDir, { recursive: true })
})
