import { setTimeout as wait } from 'node:timers/promises'
import { median, slope } from '../support/figures.ts'
import { seededRandom } from '../support/seeded-random.ts'
import type { OutageKind } from './outages/outage-kind.ts'
import { judge } from './support/judge.ts'
import { describeAccounts, describeJudgement, load, type Outcome } from './support/outcome.ts'
import {
  judgeAccounts,
  live,
  openScene,
  quieten,
  type Scene,
  untilDatabaseReady,
} from './support/scene.ts'
import { type Sample, Watch } from './support/watch.ts'

const BEFORE_MS = 10_000
const AFTER_MS = 15_000
const ACCOUNTS = 3
const MEGABYTE = 1024 * 1024
const MAX_RSS = 300
/** What it must read back, in multiples of the time in which it came. */
const MIN_SPEED = 5
const CAUGHT_UP_WITHIN_MS = 1_200_000
/** Of memory: a process that has just begun grows. */
const WARM_MS = 30_000

export interface OutageOptions {
  readonly seconds: number
  readonly eventsPerSecond: number
  readonly seed: number
  /** How often a saver is killed meanwhile. */
  readonly kills: number
}

/** Takes the database away in one way, kills the saver meanwhile, and compares what is stored in the end. */
export async function outage(kind: OutageKind, options: OutageOptions): Promise<Outcome> {
  const { eventsPerSecond, seed, seconds } = options
  const random = seededRandom(seed)
  await using cleanUp = new AsyncDisposableStack()
  const serverParent = await kind.serverParent?.(cleanUp)
  if (serverParent === null) return { lines: [`${kind.title}: not possible here`], failed: false }
  const scene = await openScene(cleanUp, {
    seed,
    eventsPerSecond,
    accounts: ACCOUNTS,
    ...(serverParent !== undefined && { serverParent }),
  })
  const { lives, simulator } = scene
  await kind.prepare?.(scene, cleanUp)
  const loadBefore = load()
  const watch = new Watch(lives)
  cleanUp.defer(() => watch.stop())
  lives.start()
  await live(scene)
  await untilDatabaseReady(lives)
  await wait(BEFORE_MS)

  let killsLeft = options.kills
  const beganMs = Date.now()
  await kind.run(scene, {
    forMs: seconds * 1000,
    random,
    // The kills are spread over the first wait that is long enough for them.
    async wait(ms) {
      const kills = ms >= 10_000 ? killsLeft : 0
      killsLeft -= kills
      const untilMs = Date.now() + ms
      for (let left = kills; left > 0; left--) {
        await wait((Math.max(0, untilMs - Date.now()) / (left + 1)) * (0.5 + random()))
        await lives.kill()
        lives.start()
        await live(scene)
      }
      await wait(Math.max(0, untilMs - Date.now()))
    },
  })
  const healedMs = Date.now()
  const caughtUpMs = await untilCaughtUp(scene)
  await wait(AFTER_MS)
  await quieten(scene)
  const accounts = await judgeAccounts(scene)
  await watch.stop()
  watch.check(await lives.saver.status())
  const { complaints } = lives.saver
  const exitCode = await lives.stop()
  const judged = describeJudgement(await judge(scene.databaseUrl, simulator, lives.all))
  const accountsJudged = describeAccounts(accounts)

  const awayMs = healedMs - beganMs
  const backMs = Math.max(1, caughtUpMs - healedMs)
  const speed = (awayMs + backMs) / backMs
  const memory = describeMemory(watch.samples, beganMs, healedMs)
  return {
    failed:
      judged.failed ||
      accountsJudged.failed ||
      watch.unbalancedCount > 0 ||
      exitCode !== 0 ||
      memory.highest > MAX_RSS ||
      (kind.name === 'stopped' && speed < MIN_SPEED),
    lines: [
      `${kind.title} for ${(awayMs / 1000).toFixed(0)} s, ${eventsPerSecond} events a second, ${ACCOUNTS} accounts, ${options.kills - killsLeft} kills meanwhile; ${loadBefore} before, ${load()} after`,
      `  most waiting         ${Math.max(...watch.samples.map(({ waiting }) => waiting))}`,
      `  caught up            ${(backMs / 1000).toFixed(1)} s after, which is ${backMs < 1000 ? 'more than ' : ''}${Math.min(speed, awayMs / 1000).toFixed(1)} times real time with live capture going on`,
      ...memory.lines,
      ...judged.lines,
      ...accountsJudged.lines,
      `  counts               ${watch.checked} channels of samples checked, not adding up ${watch.unbalancedCount}`,
      ...watch.unbalanced.slice(0, 3).map((line) => `    ${line}`),
      `  exit code            ${exitCode}, warnings of the last process ${complaints.length}`,
      ...summary(complaints),
    ],
  }
}

/** Waits until nothing is read from the journal any more; gives when that was. */
async function untilCaughtUp({ lives }: Scene): Promise<number> {
  const deadline = Date.now() + CAUGHT_UP_WITHIN_MS
  for (let sinceMs = Date.now(), same = 0; ; await wait(100)) {
    const { databaseReady, journal } = await lives.saver.status()
    if (!databaseReady || journal.behind.length > 0) {
      same = 0
      sinceMs = Date.now()
    } else same += 1
    // A lane may fall behind again for a moment.
    if (same === 10) return sinceMs
    if (Date.now() > deadline) throw new Error(`still behind: ${journal.behind.join(', ')}`)
  }
}

/** Memory during an outage: the highest, and how it grows in the process that lived longest in it. */
function describeMemory(
  samples: readonly Sample[],
  fromMs: number,
  toMs: number,
): { lines: string[]; highest: number } {
  const highest = Math.max(...samples.map(({ rss }) => rss)) / MEGABYTE
  const during = samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
  const byProcess = [...Map.groupBy(during, ({ pid }) => pid).values()]
  const longest = byProcess.sort((a, b) => b.length - a.length)[0] ?? []
  const begunMs = samples.find(({ pid }) => pid === longest[0]?.pid)?.atMs ?? 0
  const warm = longest
    .filter(({ atMs }) => atMs >= begunMs + WARM_MS)
    .map(({ rss }) => rss / MEGABYTE)
  const trend =
    warm.length < 20
      ? 'too short to tell its growth'
      : `median ${median(warm).toFixed(0)}, growth ${(slope(warm) * 60).toFixed(1)} a minute over ${warm.length} s of the outage`
  const after = samples.filter(({ atMs }) => atMs > toMs).map(({ rss }) => rss / MEGABYTE)
  return {
    highest,
    lines: [
      `  saver RSS (MB)       highest ${highest.toFixed(0)}; ${trend}; highest after it ${Math.max(0, ...after).toFixed(0)}`,
    ],
  }
}

/** The codes of warnings, with their numbers. */
function summary(complaints: readonly string[]): string[] {
  const codes = Map.groupBy(complaints, (line) => /"code":"([^"]+)"/.exec(line)?.[1] ?? 'no code')
  if (codes.size === 0) return []
  return [`    ${[...codes].map(([code, lines]) => `${code} ${lines.length}`).join(', ')}`]
}
