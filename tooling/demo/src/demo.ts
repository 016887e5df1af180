import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type SimulatorProcess, spawnSimulator } from '@grid/bybit-sim'
import { createDatabase } from '@grid/db'
import { compareWithTruth } from '@grid/proof'
import { type Config, createLogger, loadConfig, Saver } from 'event-saver'
import { GapStory } from './gap-story.ts'
import { LiveView } from './live-view.ts'
import type { DemoOptions } from './options.ts'
import { type Disturbances, problemsOf, type Run, reportLines } from './report.ts'

const BURST_TRADES = 3000
const VIEW_INTERVAL_MS = 500
/** A gap of trades is open for about a second. */
const GAP_INTERVAL_MS = 100
const DRAIN_MS = 60_000

/** Runs the demonstration; gives whether everything that was sent is stored. */
export async function runDemo(options: DemoOptions, interrupted: AbortSignal): Promise<boolean> {
  const view = new LiveView(process.stdout)
  const folder = await mkdtemp(join(tmpdir(), 'grid-demo-'))
  try {
    view.say(`Starting a local exchange that trades ${options.symbols.join(', ')}.`)
    await using simulator = await spawnSimulator({
      seed: options.seed,
      symbols: [...options.symbols],
      tradesPerSecond: options.tradesPerSecond,
      truth: 'full',
    })
    const config = demoConfig(options, simulator, folder)
    const run = await captureAndCompare(options, config, simulator, view, interrupted)
    for (const line of reportLines(run)) view.say(line)
    return problemsOf(run).length === 0
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function captureAndCompare(
  options: DemoOptions,
  config: Config,
  simulator: SimulatorProcess,
  view: LiveView,
  interrupted: AbortSignal,
): Promise<Run> {
  const saver = new Saver({ config, log: await createLogger('error') })
  const address = await saver.start()
  view.say(`Capturing it into an embedded database, ${config.databaseUrl}.`)
  view.say(`Status while it runs: http://${address}/status`)
  let done: Disturbances
  try {
    done = await Promise.race([play(options, saver, simulator, view, interrupted), saver.failure])
  } catch (error) {
    await saver.stop(AbortSignal.abort())
    throw error
  }

  view.say('The market is paused. Storing what still waits …')
  await simulator.pause()
  await quiet(saver)
  await saver.stop(AbortSignal.timeout(DRAIN_MS))
  const status = saver.status()

  view.say('Comparing every column of every row with what the exchange sent …')
  const db = createDatabase({ url: config.databaseUrl })
  try {
    const proof = await compareWithTruth(db, simulator.truthItems())
    const isWhole = !interrupted.aborted && options.runForMs !== null
    return { status, proof, done, isWhole }
  } finally {
    await db.destroy()
  }
}

/** Lets the market run; cuts the connection halfway, at the latest after 10 s, and sends a large match later. */
async function play(
  options: DemoOptions,
  saver: Saver,
  simulator: SimulatorProcess,
  view: LiveView,
  interrupted: AbortSignal,
): Promise<Disturbances> {
  const done = { cut: false, burst: false }
  const startedAt = await beginning(saver, view, interrupted)
  const length = options.runForMs ?? Number.POSITIVE_INFINITY
  const plan = [
    {
      at: Math.min(length / 2, 10_000),
      act: async () => {
        view.say('Cutting the connection, as a failing network does.')
        await simulator.fault({ kind: 'close', abrupt: true })
        done.cut = true
      },
    },
    {
      at: Math.min(length * 0.75, 20_000),
      act: async () => {
        const symbol = options.symbols[0] ?? 'BTCUSDT'
        view.say(
          `Sending one match of ${BURST_TRADES} ${symbol} trades, split over several frames.`,
        )
        await simulator.burst({ symbol, trades: BURST_TRADES })
        done.burst = true
      },
    },
  ]
  const story = new GapStory((line) => view.say(line))
  let shownAt = 0
  while (!interrupted.aborted && Date.now() - startedAt < length) {
    await wait(GAP_INTERVAL_MS)
    const next = plan[0]
    if (next !== undefined && Date.now() - startedAt >= next.at) {
      plan.shift()
      await next.act()
    }
    const status = saver.status()
    story.tell(status)
    if (status.now - shownAt < VIEW_INTERVAL_MS) continue
    shownAt = status.now
    view.show(status)
  }
  return done
}

/** Waits until rows are stored, because the embedded database takes its time; gives the time of that. */
async function beginning(saver: Saver, view: LiveView, interrupted: AbortSignal): Promise<number> {
  for (;;) {
    const { channels, now } = saver.status()
    if (interrupted.aborted || channels.some(({ persisted }) => persisted > 0)) return now
    view.show(saver.status())
    await wait(VIEW_INTERVAL_MS)
  }
}

/** Waits until nothing arrives any more, so that everything that was sent has been received. */
async function quiet(saver: Saver): Promise<void> {
  for (let before = -1, same = 0; same < 3; ) {
    const now = saver.status().channels.reduce((sum, entry) => sum + entry.received, 0)
    same = now === before ? same + 1 : 0
    before = now
    await wait(300)
  }
}

function demoConfig(
  options: DemoOptions,
  { wsUrl, restUrl }: Pick<SimulatorProcess, 'restUrl' | 'wsUrl'>,
  folder: string,
): Config {
  const result = loadConfig({
    flags: {
      symbols: options.symbols.join(','),
      wsUrl,
      restUrl,
      dataDir: folder,
      httpAddress: '127.0.0.1:0',
    },
    env: {},
    cwd: folder,
  })
  if (result.ok) return { ...result.config, environmentStamp: 'simulated' }
  throw new Error(result.faults.map(({ where, problem }) => `${where}: ${problem}`).join('; '))
}
