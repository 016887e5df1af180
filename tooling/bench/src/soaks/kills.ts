import { setTimeout as wait } from 'node:timers/promises'
import { median } from '../support/figures.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { judge, readWithinMs } from './support/judge.ts'
import type { Life } from './support/lives.ts'
import { describeAccounts, describeJudgement, load, type Outcome } from './support/outcome.ts'
import { cutPower, SYNC_INTERVAL_MS, SyncRecord } from './support/power-cut.ts'
import { judgeAccounts, live, openScene, quieten, type Scene } from './support/scene.ts'
import { Watch } from './support/watch.ts'

/** A process is killed within this time after it is live, or, one in ten, after its start. */
const LIFE_MS = 2500
const START_MS = 500
const ACCOUNTS = 3

export interface KillsOptions {
  readonly kills: number
  readonly eventsPerSecond: number
  readonly seed: number
  /** Whether each end is a power cut: the newest segment ends at its last sync, and garbage follows. */
  readonly cutsPower: boolean
}

/** Kills a saver with -9 at random moments, again and again; then compares what it stored with what was sent. */
export async function kills(options: KillsOptions): Promise<Outcome> {
  const { eventsPerSecond, seed, cutsPower } = options
  const random = seededRandom(seed)
  await using cleanUp = new AsyncDisposableStack()
  const syncs = cutsPower ? await SyncRecord.create(cleanUp) : null
  const scene = await openScene(cleanUp, {
    seed,
    eventsPerSecond,
    accounts: ACCOUNTS,
    ...(syncs !== null && { nodeFlags: syncs.nodeFlags, env: syncs.env }),
  })
  const { lives, simulator } = scene
  const marginMs = (life: Life): number => syncs?.marginMs(life) ?? readWithinMs(life)
  const loadBefore = load()
  const watch = new Watch(lives)
  cleanUp.defer(() => watch.stop())
  let duringStart = 0
  for (let kill = 0; kill < options.kills; kill++) {
    lives.start()
    if (random() < 0.1) {
      duringStart += 1
      await wait(random() * START_MS)
    } else {
      await live(scene)
      await wait(random() * LIFE_MS)
    }
    await lives.kill()
    if (syncs !== null) await cutPower(lives, syncs, random)
    say(`kill ${kill + 1} of ${options.kills}`)
  }
  lives.start()
  await live(scene)
  await wait(LIFE_MS)
  await quieten(scene)
  const accounts = await judgeAccounts(scene, marginMs)
  await watch.stop()
  watch.check(await lives.saver.status())
  const exitCode = await lives.stop()
  say('comparing')
  const judgement = await judge(scene.databaseUrl, simulator, lives.all, {
    marginMs,
  })
  const judged = describeJudgement(judgement)
  const accountsJudged = describeAccounts(accounts)
  const overdue = cutsPower && judgement.oldestLostMs > 2 * SYNC_INTERVAL_MS + 1000
  return {
    failed:
      judged.failed ||
      accountsJudged.failed ||
      overdue ||
      watch.unbalancedCount > 0 ||
      exitCode !== 0,
    lines: [
      `${options.kills} ${cutsPower ? 'power cuts' : 'kills'} at random moments, ${duringStart} of them during a start, ${eventsPerSecond} events a second, ${ACCOUNTS} accounts; ${loadBefore} before, ${load()} after`,
      `  live after a start   median ${median(startTimes(scene)).toFixed(0)} ms, longest ${Math.max(...startTimes(scene)).toFixed(0)} ms`,
      ...judged.lines,
      ...(syncs === null
        ? []
        : [
            `  last sync at a cut   begun ${syncs.describe()} ms before it; must be stored: what was written 200 ms before that`,
          ]),
      ...accountsJudged.lines,
      `  counts               ${watch.checked} channels of samples checked, not adding up ${watch.unbalancedCount}`,
      ...watch.unbalanced.slice(0, 3).map((line) => `    ${line}`),
      `  exit code            ${exitCode}`,
    ],
  }
}

function startTimes({ lives }: Scene): number[] {
  return lives.all.flatMap(({ spawnedMs, liveMs }) => (liveMs === null ? [] : [liveMs - spawnedMs]))
}

function say(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`)
}
