import { setTimeout as wait } from 'node:timers/promises'
import { judge } from './support/judge.ts'
import { waitingOf } from './support/lives.ts'
import { describeAccounts, describeJudgement, load, type Outcome } from './support/outcome.ts'
import { judgeAccounts, live, openScene, quieten, untilDatabaseReady } from './support/scene.ts'
import { Watch } from './support/watch.ts'

const WAITING = 200_000
const BURST = 1000
const ACCOUNTS = 2
/** What a stop is given to store before it leaves the rest, and as much to end. */
const DEADLINE_MS = 2 * 30_000

/** Stops a saver with SIGTERM while 200,000 events wait and the database is down; the next one stores them. */
export async function stopWaiting({ seed }: { readonly seed: number }): Promise<Outcome> {
  await using cleanUp = new AsyncDisposableStack()
  const scene = await openScene(cleanUp, { seed, eventsPerSecond: 1000, accounts: ACCOUNTS })
  const { lives, simulator, postgres } = scene
  const loadBefore = load()
  const watch = new Watch(lives)
  cleanUp.defer(() => watch.stop())
  lives.start()
  await live(scene)
  await untilDatabaseReady(lives)
  await postgres.stop('immediate')
  let waiting = 0
  while (waiting < WAITING) {
    for (let burst = 0; burst < 10; burst++) {
      await simulator.burst({ symbol: `SOAK${burst}USDT`, trades: BURST })
      await wait(50)
    }
    waiting = waitingOf(await lives.saver.status())
  }
  const { saver } = lives
  const askedMs = Date.now()
  const exitCode = await lives.stop()
  const tookMs = Date.now() - askedMs
  const left = saver.complaints.filter((line) => line.includes('LEFT_IN_JOURNAL'))

  await postgres.start()
  lives.start()
  await live(scene)
  await quieten(scene)
  const accounts = await judgeAccounts(scene)
  await watch.stop()
  watch.check(await lives.saver.status())
  const lastExitCode = await lives.stop()
  const judged = describeJudgement(await judge(scene.databaseUrl, simulator, lives.all))
  const accountsJudged = describeAccounts(accounts)
  return {
    failed:
      judged.failed ||
      accountsJudged.failed ||
      watch.unbalancedCount > 0 ||
      exitCode + lastExitCode !== 0 ||
      tookMs > DEADLINE_MS,
    lines: [
      `SIGTERM with ${waiting} events waiting and the database down, ${ACCOUNTS} accounts; ${loadBefore} before, ${load()} after`,
      `  stopped              exit code ${exitCode} after ${(tookMs / 1000).toFixed(1)} s; the next one's ${lastExitCode}`,
      ...left.map((line) => `    ${line}`),
      ...judged.lines,
      ...accountsJudged.lines,
      `  counts               ${watch.checked} channels of samples checked, not adding up ${watch.unbalancedCount}`,
      ...watch.unbalanced.slice(0, 3).map((line) => `    ${line}`),
    ],
  }
}
