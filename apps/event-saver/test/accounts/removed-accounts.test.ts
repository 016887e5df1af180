import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { type Simulator, startSimulator } from '@grid/bybit-sim'
import { expect, it } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { PackedSource } from '../../src/journal/segments/packed-source.ts'
import type { Saver } from '../../src/saver.ts'
import { type StoredAccount, Tenants } from '../support/accounts.ts'
import { ownFolder } from '../support/own-folder.ts'
import { imbalances, makeSaver, ownDatabase, quiet } from '../support/rig.ts'

const TRUE = { missing: 0, unexpected: 0, different: 0, samples: [] }
const LONG = { timeout: 120_000 }
const patience = () => AbortSignal.timeout(60_000)

/** Everything that a folder's files hold, unpacked. */
async function contentsOf(folder: string): Promise<string> {
  let all = ''
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isFile() || entry.name === 'reserve') continue
    if (!entry.name.endsWith('.zst')) {
      // A saver may pack it meanwhile.
      all += await readFile(path, 'latin1').catch(() => '')
      continue
    }
    const source = await PackedSource.open(path)
    for (let block = await source.next(); block !== null; block = await source.next()) {
      all += Buffer.from(block.bytes).toString('latin1')
    }
    await source.close()
  }
  return all
}

/** What would give an account away: its id, and those of its orders. Ids of executions are those of public trades. */
function tracesOf(sim: Simulator, { accountId, uid }: StoredAccount): readonly string[] {
  const text = JSON.stringify(sim.exchange.books(uid))
  const ids = [...text.matchAll(/"orderId":"([^"]+)"/g)].map(([, id = '']) => id)
  return [...new Set([accountId, ...ids])].filter((id) => id !== '')
}

async function found(folder: string, traces: readonly string[]): Promise<readonly string[]> {
  const contents = await contentsOf(folder)
  return traces.filter((trace) => contents.includes(trace))
}

/** Runs a command in this process. */
async function run(env: Readonly<Record<string, string>>, ...argv: readonly string[]) {
  let stderr = ''
  const code = await runProgram({
    argv,
    env,
    cwd: process.cwd(),
    out: () => {},
    err: (text) => {
      stderr += text
    },
    stdin: Readable.from([]),
  })
  return { code, stderr }
}

const live = (count: number, saver: Saver) =>
  expect
    .poll(() => saver.status().accounts.filter(({ state }) => state === 'live').length, LONG)
    .toBe(count)

async function rig() {
  const database = await ownDatabase()
  const sim = await startSimulator({ seed: 66, paused: true })
  const tenants = await Tenants.prepare(database.db, sim)
  const ann = await tenants.add('ann', 'a')
  const bob = await tenants.add('bob', 'b')
  const folder = ownFolder()
  const env = {
    ...tenants.env,
    EVENTSAVER_WS_URL: sim.wsUrl,
    EVENTSAVER_DATABASE_URL: database.url,
    EVENTSAVER_DATA_DIR: folder,
    EVENTSAVER_JOURNAL_ARCHIVE: 'true',
    EVENTSAVER_JOURNAL_RETENTION: '0s',
  }
  return {
    ann,
    bob,
    env,
    folder,
    sim,
    tenants,
    saver: () => makeSaver(sim.wsUrl, database.url, env).saver,
    async trade(saver: Saver) {
      sim.exchange.startBot({ fillsPerSecond: 60 })
      await wait(1500)
      sim.exchange.stopBot()
      await quiet(saver)
    },
    async [Symbol.asyncDispose]() {
      await sim[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

it('a removed account leaves nothing in the data directory of a saver that is stopped', {
  timeout: 300_000,
}, async () => {
  await using all = await rig()
  const { ann, bob, env, folder, sim, tenants } = all
  const first = all.saver()
  await first.start()
  await live(2, first)
  await all.trade(first)
  await first.stop(patience())
  const second = all.saver()
  await second.start()
  await live(2, second)
  // What the first one wrote is packed and archived.
  const archived = () => readdir(join(folder, 'journal', 'archive')).catch(() => [])
  await expect.poll(archived, LONG).toEqual([expect.stringMatching(/\.zst$/)])
  await all.trade(second)
  await second.stop(patience())
  const [traces, others] = [tracesOf(sim, ann), tracesOf(sim, bob)]
  expect(traces.length).toBeGreaterThan(20)
  expect(await found(folder, traces)).toEqual(traces)

  expect(await run(env, 'account', 'remove', 'a', '--user', 'ann')).toEqual({ code: 0, stderr: '' })
  expect(await found(folder, traces)).toEqual([])
  expect(await found(folder, others)).toEqual(others)
  expect((await archived()).length).toBe(1)
  expect(await tenants.prove()).toMatchObject(TRUE)
  // All the rest can still be read.
  expect(await run(env, 'replay', '--replace')).toMatchObject({ code: 0 })
  expect(await tenants.prove()).toMatchObject(TRUE)
})

it('and of one that runs, once it is stored', { timeout: 300_000 }, async () => {
  await using all = await rig()
  const { ann, bob, env, folder, sim, tenants } = all
  const saver = all.saver()
  await saver.start()
  await live(2, saver)
  await all.trade(saver)
  const traces = tracesOf(sim, ann)
  const removed = await run(env, 'account', 'remove', 'a', '--user', 'ann')
  expect(removed).toMatchObject({ code: 0, stderr: expect.stringContaining('once it is stored') })
  await expect.poll(() => found(folder, traces), { ...LONG, interval: 500 }).toEqual([])
  await live(1, saver)
  await all.trade(saver)
  const others = tracesOf(sim, bob)
  expect(await found(folder, others)).toEqual(others)
  await saver.stop(patience())
  expect(imbalances(saver)).toEqual([])
  expect(await tenants.prove([bob])).toMatchObject(TRUE)
  const again = all.saver()
  await again.start()
  await live(1, again)
  await again.stop(patience())
  expect(await found(folder, traces)).toEqual([])
})
