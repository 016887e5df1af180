import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { SimulatorProcess } from '@grid/bybit-sim'
import type { SaverStatus } from 'event-saver'
import { SaverProcess } from '../../support/saver-process.ts'
import { measureStarvation, type Starvation } from './starvation.ts'

const POLL_MS = 50
const LIVE_WITHIN_MS = 120_000
/** Until the simulator has noticed that a process is gone. */
const NOTICED_MS = 300
/** How long a process is watched before it is killed. */
const WATCHED_MS = 500

/** One process of a saver, in epoch milliseconds. */
export interface Life {
  readonly spawnedMs: number
  /** When every topic and account was seen live; null when it did not come to that. */
  liveMs: number | null
  /** Just before it was killed; null for one that was not. */
  killedMs: number | null
  /** Just before it was asked to stop; null for one that was not. */
  stoppedMs: number | null
  /** How it was starved of a processor just before it was killed; null where that was not measured. */
  starvation: Starvation | null
  /** The highest number of a connection that is its own or of one before it. */
  lastConnection: number
}

/** Processes of one saver with one data directory, one after the other. */
export class Lives implements AsyncDisposable {
  readonly all: Life[] = []
  readonly folder: string
  readonly #env: Readonly<Record<string, string>>
  readonly #simulator: SimulatorProcess
  readonly #nodeFlags: readonly string[]
  #saver: SaverProcess | null = null

  constructor(options: {
    readonly folder: string
    readonly env: Readonly<Record<string, string>>
    readonly simulator: SimulatorProcess
    /** What node is given beside. */
    readonly nodeFlags?: readonly string[]
  }) {
    this.folder = options.folder
    this.#env = options.env
    this.#simulator = options.simulator
    this.#nodeFlags = options.nodeFlags ?? []
  }

  /** The process that runs. */
  get saver(): SaverProcess {
    if (this.#saver === null) throw new Error('no saver runs')
    return this.#saver
  }

  get isRunning(): boolean {
    return this.#saver !== null
  }

  start(): SaverProcess {
    this.all.push({
      spawnedMs: Date.now(),
      liveMs: null,
      killedMs: null,
      stoppedMs: null,
      starvation: null,
      lastConnection: Number.POSITIVE_INFINITY,
    })
    this.#saver = new SaverProcess(this.#env, { folder: this.folder, nodeFlags: this.#nodeFlags })
    return this.#saver
  }

  /** Waits until every topic and account of the running one is live. */
  async live(topics: number, accounts: number): Promise<void> {
    const deadline = Date.now() + LIVE_WITHIN_MS
    const isLive = ({ state }: { readonly state: string }): boolean => state === 'live'
    for (;;) {
      const status = await this.saver.status()
      const liveTopics = status.topics.filter(isLive).length
      if (liveTopics === topics && status.accounts.filter(isLive).length === accounts) break
      if (Date.now() > deadline) throw new Error(`not live: ${describe(status)}`)
      await wait(POLL_MS)
    }
    this.#newest.liveMs = Date.now()
  }

  /** Kills the running one with -9, after it was watched for a moment. */
  async kill(): Promise<void> {
    const { saver } = this
    this.#newest.starvation = await measureStarvation(saver.pid, WATCHED_MS)
    this.#newest.killedMs = Date.now()
    await saver.kill()
    await this.#end()
  }

  /** Stops the running one; gives its exit code. */
  async stop(): Promise<number> {
    this.#newest.stoppedMs = Date.now()
    const code = await this.saver.stop()
    await this.#end()
    return code
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#saver?.[Symbol.asyncDispose]()
  }

  async #end(): Promise<void> {
    this.#saver = null
    await wait(NOTICED_MS)
    const { connections } = await this.#simulator.stats()
    this.#newest.lastConnection = connections.at(-1)?.number ?? 0
  }

  get #newest(): Life {
    const life = this.all.at(-1)
    if (life === undefined) throw new Error('no saver has run')
    return life
  }
}

/** Bytes of memory that a process holds; null once it is gone. */
export async function readRss(pid: number): Promise<number | null> {
  try {
    const [, kilobytes] =
      /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? null : Number(kilobytes) * 1024
  } catch {
    return null
  }
}

/** What waits in all channels. */
export function waitingOf({ channels }: SaverStatus): number {
  return channels.reduce((sum, { waiting }) => sum + waiting, 0)
}

function describe({ topics, accounts, checks }: SaverStatus): string {
  const states = [
    ...topics.map((topic) => `${topic.topic} ${topic.state}`),
    ...accounts.map((one) => `${one.accountName} ${one.state} ${one.code}`),
  ]
  return `${states
    .filter((one) => !one.endsWith(' live'))
    .slice(0, 5)
    .join(', ')}; ${checks.map((check) => JSON.stringify(check)).join(' ')}`
}
