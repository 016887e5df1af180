import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endWithThisProcess } from '@grid/testing'
import type { SaverStatus } from '../../src/health/status.ts'
import { ownFolder } from './own-folder.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** A line of the app's log. */
export interface LogLine {
  readonly level?: number
  readonly code?: string
  readonly msg?: string
  readonly httpAddress?: string
}

/** How the sources are run. */
const SOURCE = ['--conditions=@grid/source', MAIN]

/** The app's command line in a child process, from its sources or from a build. */
export class Cli implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly exited: Promise<number>
  stdout = ''
  stderr = ''

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}, build?: string) {
    const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('EVENTSAVER_'))
    this.#child = spawn(process.execPath, [...(build === undefined ? SOURCE : [build]), ...args], {
      env: {
        ...Object.fromEntries(clean),
        // Compiled modules are kept between starts, which halves the time of one.
        ...(build === undefined && { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') }),
        EVENTSAVER_HTTP_ADDRESS: '127.0.0.1:0',
        EVENTSAVER_DATA_DIR: env['EVENTSAVER_DATA_DIR'] ?? ownFolder(),
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    endWithThisProcess(this.#child)
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.exited = once(this.#child, 'close').then(([code]) => (code === null ? -1 : Number(code)))
  }

  get log(): LogLine[] {
    return this.stderr
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine)
  }

  /** The number of the process. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** The address that the log names; undefined before. */
  get httpAddress(): string | undefined {
    return this.log.find((line) => line.httpAddress !== undefined)?.httpAddress
  }

  async get(path: string): Promise<Response> {
    return fetch(`http://${this.httpAddress}${path}`)
  }

  async status(): Promise<SaverStatus> {
    return (await (await this.get('/status')).json()) as SaverStatus
  }

  /** Reads no more of its stdout. */
  closeStdout(): void {
    this.#child.stdout?.destroy()
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.exited
  }
}

/** Runs a command and waits for its end. */
export async function runCli(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
  build?: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  await using cli = new Cli(args, env, build)
  const code = await cli.exited
  return { code, stdout: cli.stdout, stderr: cli.stderr }
}
