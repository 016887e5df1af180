import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { endWithThisProcess } from '@grid/testing'
import type { SaverStatus } from 'event-saver'

/** The deployed build, since that is what runs for a year. */
const BUILD = fileURLToPath(
  new URL('../dist/event-saver.mjs', import.meta.resolve('event-saver/main')),
)

/** One that fails for an hour says so in many lines. */
const MAX_COMPLAINTS = 10_000

/** How a saver's process is run. */
export interface SaverProcessOptions {
  /** What node is given beside. Default: nothing. */
  readonly nodeFlags?: readonly string[]
  /** Its data directory, which it leaves. Default: a new one, which is removed. */
  readonly folder?: string
}

/** An `event-saver run` in its own process. */
export class SaverProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<number>
  readonly #address: Promise<string>
  /** Its journal; each saver has one of its own. */
  readonly #folder: string
  readonly #ownsFolder: boolean
  /** The warnings and errors of its log. */
  readonly complaints: string[] = []

  /** Where its inspector listens, when it was asked to. */
  inspector: string | null = null

  constructor(
    env: Readonly<Record<string, string>>,
    { nodeFlags = [], folder }: SaverProcessOptions = {},
  ) {
    this.#ownsFolder = folder === undefined
    this.#folder = folder ?? mkdtempSync(join(tmpdir(), 'grid-bench-saver-'))
    this.#child = spawn(
      process.execPath,
      ['--max-semi-space-size=16', ...nodeFlags, BUILD, 'run'],
      {
        env: {
          ...process.env,
          EVENTSAVER_HTTP_ADDRESS: '127.0.0.1:0',
          EVENTSAVER_DATA_DIR: this.#folder,
          ...env,
        },
        stdio: ['ignore', 'inherit', 'pipe'],
      },
    )
    endWithThisProcess(this.#child)
    this.#exited = once(this.#child, 'exit').then(([code]) => (code === null ? 1 : Number(code)))
    this.#address = this.#readLog()
    // Nobody may ask for it before the process ends.
    this.#address.catch(() => {})
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Reads its `/status`. */
  async status(): Promise<SaverStatus> {
    const address = await this.#address
    try {
      const response = await fetch(`http://${address}/status`)
      return (await response.json()) as SaverStatus
    } catch (cause) {
      const { exitCode, signalCode } = this.#child
      if (exitCode === null && signalCode === null) throw cause
      const end = `the saver ended (${exitCode ?? signalCode})`
      throw new Error(`${end}: ${this.complaints.slice(-5).join('\n')}`, { cause })
    }
  }

  /** The CPU time that it has used, in microseconds. */
  cpuUs(): number {
    // After the name, which may hold spaces: field 14 of the file is user time, 15 system time, in hundredths of a second.
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
    const [user = 0, system = 0] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
      .map(Number)
    return (user + system) * 10_000
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** Sends SIGTERM; gives the exit code. */
  async stop(): Promise<number> {
    this.#child.kill('SIGTERM')
    return this.#exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    if (this.#ownsFolder) rmSync(this.#folder, { recursive: true, force: true })
  }

  #readLog(): Promise<string> {
    const { stderr } = this.#child
    if (stderr === null) throw new Error('the saver has no stderr')
    return new Promise((resolve, reject) => {
      createInterface({ input: stderr }).on('line', (line) => {
        const entry = parseLine(line)
        if (entry.httpAddress !== undefined) resolve(entry.httpAddress)
        const [, inspector] = /^Debugger listening on (\S+)/.exec(line) ?? []
        if (inspector !== undefined) this.inspector = inspector
        const isComplaint = entry.level === undefined || entry.level >= WARNING
        if (isComplaint && this.complaints.length < MAX_COMPLAINTS) this.complaints.push(line)
      })
      this.#exited.then(() => reject(new Error(`the saver ended: ${this.complaints.join('\n')}`)))
    })
  }
}

const WARNING = 40

function parseLine(line: string): { level?: number; httpAddress?: string } {
  try {
    return JSON.parse(line) as { level?: number; httpAddress?: string }
  } catch {
    return {}
  }
}

/** Waits until no saver receives anything any more. */
export async function settled(...savers: readonly SaverProcess[]): Promise<void> {
  for (let before = -1, same = 0; same < 3; await wait(500)) {
    const statuses = await Promise.all(savers.map((saver) => saver.status()))
    const entries = statuses.flatMap(({ channels }) => channels)
    const now = entries.reduce((sum, entry) => sum + entry.received, 0)
    same = now === before ? same + 1 : 0
    before = now
  }
}
