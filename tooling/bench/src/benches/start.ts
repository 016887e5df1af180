import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { spawnSimulator } from '@grid/bybit-sim'
import { createTestDatabase, endWithThisProcess, startPostgres } from '@grid/testing'
import { median, spread } from '../support/figures.ts'

const STARTS = 20
const WARM_UPS = 2
/** How long each lives on: what a process leaves to the next one, it leaves meanwhile. */
const LIFE_MS = 500
const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT']
const MOST_MS = 400
const MOST_OF_SOURCE = 1 / 3

/** The two ways of starting a saver, as `npx -y pnpm@12 start` and `npx -y pnpm@12 event-saver run` do. */
const COMMANDS = {
  build: [
    fileURLToPath(new URL('../dist/event-saver.mjs', import.meta.resolve('event-saver/main'))),
  ],
  source: ['--conditions=@grid/source', fileURLToPath(import.meta.resolve('event-saver/main'))],
} as const

/** Milliseconds from spawn to what the log says. */
interface Start {
  /** The first line. */
  readonly log: number
  /** A socket is open. */
  readonly connected: number
  /** The first topic delivers. */
  readonly live: number
}

/**
 * Measures how long the market is missed after a `kill -9`: from spawn to the first live topic, of the
 * deployed build and of the sources in turns.
 */
export async function startTime({
  busy,
}: {
  /** Whether another process takes each core meanwhile. */
  readonly busy: boolean
}): Promise<{ lines: string[]; failed: boolean }> {
  await using cleanUp = new AsyncDisposableStack()
  const postgres = await startPostgres()
  cleanUp.defer(() => postgres.stop())
  const database = await createTestDatabase(postgres.url)
  cleanUp.defer(() => database.drop())
  const folder = await mkdtemp(join(tmpdir(), 'grid-start-'))
  cleanUp.defer(() => rm(folder, { recursive: true }))
  await using simulator = await spawnSimulator({
    seed: 1,
    symbols: SYMBOLS,
    tradesPerSecond: 25,
    truth: 'digest',
  })
  const env = {
    ...process.env,
    EVENTSAVER_WS_URL: simulator.wsUrl,
    EVENTSAVER_REST_URL: simulator.restUrl,
    EVENTSAVER_DATABASE_URL: database.url,
    EVENTSAVER_SYMBOLS: SYMBOLS.join(','),
    EVENTSAVER_DATA_DIR: folder,
    EVENTSAVER_HTTP_ADDRESS: '127.0.0.1:0',
  }
  const cores = availableParallelism()
  for (let core = 0; busy && core < cores; core++) {
    const spinning = spawn(process.execPath, ['-e', 'for (;;);'])
    endWithThisProcess(spinning)
    cleanUp.defer(() => void spinning.kill('SIGKILL'))
  }

  const build: Start[] = []
  const source: Start[] = []
  for (let round = -WARM_UPS; round < STARTS; round++) {
    const ofBuild = await startOnce(COMMANDS.build, env)
    const ofSource = await startOnce(COMMANDS.source, env)
    if (round < 0) continue
    build.push(ofBuild)
    source.push(ofSource)
  }
  const live = median(build.map((start) => start.live))
  const share = live / median(source.map((start) => start.live))
  const lines = [
    `from spawn to the first live topic after a kill -9, ${SYMBOLS.length} symbols on loopback, ${STARTS} starts of each in turns, ${busy ? `${cores} other processes on ${cores} cores` : `${cores} cores`}: medians in ms, with the middle half`,
    `  the build         ${phases(build)}${busy ? '' : `; asked at most ${MOST_MS}`}`,
    `  from TypeScript   ${phases(source)}`,
    `  the build's share ${share.toFixed(2)}; asked at most ${MOST_OF_SOURCE.toFixed(2)}`,
  ]
  return { lines, failed: (!busy && live > MOST_MS) || share > MOST_OF_SOURCE }
}

function phases(starts: readonly Start[]): string {
  const of = (phase: keyof Start): string =>
    spread(
      starts.map((start) => start[phase]),
      0,
    )
  return `first line ${of('log')}, connected ${of('connected')}, live ${of('live')}`
}

/** Starts a saver and kills it soon after its first topic was live. */
async function startOnce(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Start> {
  const begun = performance.now()
  const child = spawn(process.execPath, ['--max-semi-space-size=16', ...command, 'run'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  endWithThisProcess(child)
  const exited = once(child, 'exit')
  try {
    const start = await readStart(child, begun)
    await wait(LIFE_MS)
    return start
  } finally {
    child.kill('SIGKILL')
    await exited
  }
}

async function readStart({ stderr }: ChildProcess, begun: number): Promise<Start> {
  if (stderr === null) throw new Error('the saver has no stderr')
  const seen: { -readonly [Phase in keyof Start]?: number } = {}
  const said: string[] = []
  for await (const line of createInterface({ input: stderr })) {
    const ms = performance.now() - begun
    said.push(line)
    seen.log ??= ms
    const { msg } = JSON.parse(line) as { readonly msg?: string }
    if (msg === 'connected') seen.connected ??= ms
    if (msg === 'live') seen.live ??= ms
    const { log, connected, live } = seen
    if (log === undefined || connected === undefined || live === undefined) continue
    // Read on, so that the saver's pipe does not fill.
    stderr.resume()
    return { log, connected, live }
  }
  throw new Error(`the saver ended: ${said.join('\n')}`)
}
