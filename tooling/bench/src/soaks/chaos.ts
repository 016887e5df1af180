import { setTimeout as wait } from 'node:timers/promises'
import { seededRandom } from '../support/seeded-random.ts'
import {
  type Checkpoint,
  compareRows,
  type RowsVerdict,
  takeCheckpoint,
} from './chaos/checkpoint.ts'
import { HELD_BACK_MS, halfOpenOne, injectOne } from './chaos/exchange-faults.ts'
import { fullDisk } from './outages/full-disk.ts'
import { OUTAGES } from './outages/kinds.ts'
import { judge, readWithinMs } from './support/judge.ts'
import { describeAccounts, describeJudgement, load, type Outcome } from './support/outcome.ts'
import {
  judgeAccounts,
  live,
  openScene,
  quieten,
  resume,
  type Scene,
  SYMBOLS,
  untilDatabaseReady,
} from './support/scene.ts'
import { Watch } from './support/watch.ts'

const ACCOUNTS = 3
const ROUND_MS = 30_000
const MAX_HEAP_GROWTH = 0.05
/** A process that has just begun grows, so fewer checkpoints tell nothing. */
const LEAST_CHECKPOINTS = 10
const MEGABYTE = 1024 * 1024
/** Before a saver ends a connection: what is held back, and what a loaded machine reads late. */
const HUNG_UP_MARGIN_MS = HELD_BACK_MS + 1000

export interface ChaosOptions {
  readonly seconds: number
  readonly eventsPerSecond: number
  readonly seed: number
  /** The number of the first round, to repeat a later one alone. */
  readonly firstRound: number
}

/** What happened so far. */
interface Course {
  readonly happened: Map<string, number>
  readonly checkpoints: Checkpoint[]
  readonly verdicts: RowsVerdict[]
}

/**
 * Mixes what can happen to a database, to a saver and at the exchange, as a seed draws it. After each round all is
 * healed, and the saver's counts are compared with the database. In the second half no saver is killed, so that its
 * memory can be compared.
 */
export async function chaos({
  seconds,
  eventsPerSecond,
  seed,
  firstRound,
}: ChaosOptions): Promise<Outcome> {
  await using cleanUp = new AsyncDisposableStack()
  const disk = (await fullDisk.serverParent?.(cleanUp)) ?? null
  const scene = await openScene(cleanUp, {
    seed,
    eventsPerSecond,
    accounts: ACCOUNTS,
    nodeFlags: ['--inspect=127.0.0.1:0'],
    ...(disk !== null && { serverParent: disk }),
  })
  const { lives, simulator } = scene
  const loadBefore = load()
  const watch = new Watch(lives)
  cleanUp.defer(() => watch.stop())
  const course: Course = { happened: new Map(), checkpoints: [], verdicts: [] }
  lives.start()
  await live(scene)
  await untilDatabaseReady(lives)

  const beganMs = Date.now()
  const untilMs = beganMs + seconds * 1000
  let rounds = 0
  while (Date.now() < untilMs) {
    rounds += 1
    const isFirstHalf = Date.now() - beganMs < (seconds * 1000) / 2
    const draw = seededRandom(seed * 1000 + firstRound + rounds - 1)
    // Drawn in any case, so that the round is the same wherever it stands.
    const kills = draw() < 0.7 ? 1 + Math.floor(draw() * 2) : 0
    const isComparable = await round(scene, course, cleanUp, {
      draw,
      kills: isFirstHalf ? kills : 0,
      hasDisk: disk !== null,
    })
    await quieten(scene)
    await note(scene, course, watch, isComparable)
    await resume(scene)
    process.stderr.write(
      `${new Date().toISOString().slice(11, 19)} round ${firstRound + rounds - 1}: ${JSON.stringify([...course.happened])}\n`,
    )
  }
  await wait(5000)
  await quieten(scene)
  const accounts = await judgeAccounts(scene, readWithinMs, watch.isUnheard)
  await watch.stop()
  watch.check(await lives.saver.status())
  const stopped = await lives.stop()
  // What a stream missed until a stop, and nobody has noticed by then, is told by the next start.
  lives.start()
  await live(scene)
  await quieten(scene)
  const exitCode = (await lives.stop()) || stopped
  const judgement = await judge(scene.databaseUrl, simulator, lives.all, {
    marginMs: (life) => HELD_BACK_MS + readWithinMs(life),
    hungUpMarginMs: HUNG_UP_MARGIN_MS,
  })
  const judged = describeJudgement(judgement)
  const accountsJudged = describeAccounts(accounts)
  const wrong = course.verdicts.flatMap((verdict) => verdict.wrong)
  const heap = describeHeap(course.checkpoints)
  const sum = (key: 'equal' | 'explained'): number =>
    course.verdicts.reduce((total, verdict) => total + verdict[key], 0)
  return {
    failed:
      judged.failed ||
      accountsJudged.failed ||
      watch.unbalancedCount > 0 ||
      wrong.length > 0 ||
      heap.growth > MAX_HEAP_GROWTH ||
      exitCode !== 0,
    lines: [
      `chaos of seed ${seed} for ${((Date.now() - beganMs) / 1000).toFixed(0)} s, ${rounds} rounds, ${eventsPerSecond} events a second, ${ACCOUNTS} accounts; ${loadBefore} before, ${load()} after`,
      `  happened             ${[...course.happened].map(([what, times]) => `${what} ${times}`).join(', ')}`,
      `  counts               ${watch.checked} channels of samples checked, not adding up ${watch.unbalancedCount}`,
      ...watch.unbalanced.slice(0, 5).map((line) => `    ${line}`),
      `  persisted and rows   ${sum('equal')} times equal, ${sum('explained')} times more rows as a commit's answer was lost, ${wrong.length} times wrong`,
      ...wrong.slice(0, 5).map((line) => `    ${line}`),
      heap.line,
      `  saver RSS (MB)       highest ${(Math.max(...watch.samples.map(({ rss }) => rss)) / MEGABYTE).toFixed(0)}`,
      ...judged.lines,
      ...accountsJudged.lines,
      `  exit code            ${exitCode}`,
    ],
  }
}

/** One round; gives whether the rows of its ends can be compared, as none were lost in a failover. */
async function round(
  scene: Scene,
  { happened }: Course,
  cleanUp: AsyncDisposableStack,
  options: { readonly draw: () => number; readonly kills: number; readonly hasDisk: boolean },
): Promise<boolean> {
  const { draw, kills, hasDisk } = options
  const { lives, simulator } = scene
  const count = (what: string): void => void happened.set(what, (happened.get(what) ?? 0) + 1)
  const kinds = OUTAGES.filter((kind) => kind !== fullDisk || hasDisk)
  const kind = draw() < 0.85 ? kinds[Math.floor(draw() * kinds.length)] : undefined
  // Each part draws its own numbers, so that the order in which they come to it changes nothing.
  const [ofDatabase, ofSaver, ofExchange] = [draw(), draw(), draw()].map((one) =>
    seededRandom(Math.floor(one * 2 ** 32)),
  ) as [() => number, () => number, () => number]

  const database = async (): Promise<void> => {
    await wait(ofDatabase() * 5000)
    if (kind === undefined) return
    await kind.prepare?.(scene, cleanUp)
    await kind.run(scene, { forMs: 3000 + ofDatabase() * 15_000, random: ofDatabase, wait })
    count(kind.name)
  }
  const saver = async (): Promise<void> => {
    for (let kill = 0; kill < kills; kill++) {
      await wait(2000 + ofSaver() * 8000)
      await lives.kill()
      count('kill')
      await wait(ofSaver() * 500)
      lives.start()
    }
  }
  const exchange = async (): Promise<void> => {
    const until = Date.now() + ROUND_MS
    if (ofExchange() < 0.2) {
      await halfOpenOne(simulator)
      count('half-open socket')
    }
    while (Date.now() < until) {
      await wait(1000 + ofExchange() * 5000)
      count(await injectOne(simulator, ofExchange, SYMBOLS))
    }
  }
  await Promise.all([database(), saver(), exchange()])
  await live(scene)
  return kind?.name !== 'failover'
}

async function note(
  { lives, databaseUrl }: Scene,
  { checkpoints, verdicts }: Course,
  watch: Watch,
  isComparable: boolean,
): Promise<void> {
  const { saver } = lives
  const checkpoint = await takeCheckpoint(() => saver.status(), databaseUrl, saver.inspector)
  watch.check(await saver.status())
  const before = checkpoints.at(-1)
  if (isComparable && before?.pid === checkpoint.pid) verdicts.push(compareRows(before, checkpoint))
  checkpoints.push(checkpoint)
}

/** How the heap of the last process grew from its second checkpoint on. */
function describeHeap(checkpoints: readonly Checkpoint[]): { line: string; growth: number } {
  const last = checkpoints.at(-1)
  const own = checkpoints.filter(({ pid }) => pid === last?.pid).slice(1)
  const heaps = own.map(({ heap }) => (heap / MEGABYTE).toFixed(1))
  const [first] = own
  const growth = first === undefined || last === undefined ? 0 : last.heap / first.heap - 1
  return {
    growth: own.length < LEAST_CHECKPOINTS ? 0 : growth,
    line: `  heap (MB)            after collections, at quiet moments of the last process: ${heaps.join(', ')}; growth ${(growth * 100).toFixed(1)} %${own.length < LEAST_CHECKPOINTS ? ', too short to tell' : ''}`,
  }
}
