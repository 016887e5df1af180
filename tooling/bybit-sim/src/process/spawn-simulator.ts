import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Category } from '@grid/core-events'
import type { AccountExchange } from '../accounts/account-exchange.ts'
import type { RemoteName } from '../accounts/remote-call.ts'
import { SimError } from '../base/errors.ts'
import type { Fault, FaultReport } from '../faults/fault.ts'
import type { RestStats } from '../rest/rest-limits.ts'
import type { Simulator } from '../simulator/simulator.ts'
import type { SimulatorSettings } from '../simulator/simulator-options.ts'
import {
  byList,
  type ChannelTruth,
  type RawTruth,
  type SymbolTotals,
  TRUTH_LISTS,
  type Truth,
  type TruthItem,
  type TruthLists,
  type TruthMode,
} from '../truth/truth.ts'
import type { SimulatorStats } from './control-server.ts'
import { writeFlags } from './flags.ts'

/**
 * Starts a simulator in a process of its own, which ends when this process does.
 *
 * Throws `SIM_PROCESS_FAILED` when it does not start; the reason is on stderr.
 *
 * @example
 * await using sim = await spawnSimulator({ seed: 1, tradesPerSecond: 250, truth: 'digest' })
 * sim.wsUrl // 'ws://127.0.0.1:41234'
 */
export async function spawnSimulator(
  settings: Partial<SimulatorSettings> = {},
): Promise<SimulatorProcess> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const flags = ['--exit-with-parent', ...writeFlags(settings)]
  const child = spawn(process.execPath, ['--conditions=@grid/source', main, ...flags], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const [first] = (await Promise.race([once(lines, 'line'), once(child, 'exit')])) as [unknown]
  if (typeof first !== 'string') {
    throw new SimError('SIM_PROCESS_FAILED', `the simulator's process ended with code ${first}`)
  }
  return new SimulatorProcess(child, JSON.parse(first) as SimulatorUrls, settings.truth ?? 'full')
}

/** What a simulator's process prints when it is ready. */
interface SimulatorUrls {
  readonly wsUrl: string
  readonly restUrl: string
  readonly archiveUrl: string
  readonly controlUrl: string
}

/** A simulator in a process of its own; made by {@link spawnSimulator}. */
export class SimulatorProcess implements AsyncDisposable {
  /** Base URL of the sockets, without a path. */
  readonly wsUrl: string
  /** Base URL of REST, without a path. */
  readonly restUrl: string
  /** Base URL of the archive, without a path. */
  readonly archiveUrl: string
  /** Base URL of the control port. */
  readonly controlUrl: string
  /** Resolves with the exit code when the process ends; null when a signal ended it. */
  readonly exitCode: Promise<number | null>
  readonly #child: ChildProcess
  readonly #mode: TruthMode

  constructor(child: ChildProcess, urls: SimulatorUrls, mode: TruthMode) {
    this.wsUrl = urls.wsUrl
    this.restUrl = urls.restUrl
    this.archiveUrl = urls.archiveUrl
    this.controlUrl = urls.controlUrl
    this.#child = child
    this.exitCode = new Promise((resolve) => child.once('exit', resolve))
    this.#mode = mode
  }

  /** The process id; null when the process could not be started. */
  get pid(): number | null {
    return this.#child.pid ?? null
  }

  /** Everything produced so far, and to which connections it was sent. Pause the market first. */
  async truth(): Promise<Truth> {
    const lists = byList((): ChannelTruth[] => [])
    const raws: RawTruth[] = []
    const symbols: SymbolTotals[] = []
    for await (const item of this.truthItems()) {
      if (item.kind === 'raw') raws.push(item)
      else if (item.kind === 'symbol') symbols.push(item)
      else lists[TRUTH_LISTS[item.kind]].push(item)
    }
    // Sound: every item lies in the list of its kind.
    return { mode: this.#mode, ...(lists as unknown as TruthLists), raws, symbols }
  }

  /** The truth item by item, for a truth that is too large for one object. */
  async *truthItems(): AsyncGenerator<TruthItem> {
    const response = await this.#call('GET', '/truth')
    if (response.body === null) return
    const lines = createInterface({ input: Readable.fromWeb(response.body), crlfDelay: Infinity })
    for await (const line of lines) yield JSON.parse(line) as TruthItem
  }

  /** Figures of the process, its connections and its market; cheap. */
  async stats(): Promise<SimulatorStats> {
    return (await (await this.#call('GET', '/stats')).json()) as SimulatorStats
  }

  /** The number of REST requests, and the most within any window of a limit. */
  async restStats(): Promise<RestStats> {
    return (await (await this.#call('GET', '/rest-stats')).json()) as RestStats
  }

  /** Injects a fault; resolves when it has taken effect. */
  async fault(fault: Fault): Promise<FaultReport> {
    return (await (await this.#call('POST', '/fault', fault)).json()) as FaultReport
  }

  /**
   * Calls a method of the simulator's `exchange`.
   *
   * @example
   * const { uid } = await sim.exchange('openAccount', {})
   */
  async exchange<Name extends RemoteName>(
    call: Name,
    ...args: Parameters<AccountExchange[Name]>
  ): Promise<ReturnType<AccountExchange[Name]>> {
    const response = await this.#call('POST', '/exchange', { call, args })
    const { result } = (await response.json()) as { result: ReturnType<AccountExchange[Name]> }
    return result
  }

  /** Places one large match, split over frames with the same seq. */
  async burst(spec: {
    readonly symbol: string
    readonly category?: Category
    readonly trades: number
  }): Promise<{ seq: number }> {
    return (await (await this.#call('POST', '/burst', spec)).json()) as { seq: number }
  }

  /** Lists an instrument, as `Simulator.list` does. */
  async list(...[category, symbol, options]: Parameters<Simulator['list']>): Promise<void> {
    await this.#call('POST', '/list', { category, symbol, ...options })
  }

  /** Lists a pre-market contract or moves its phase, as `Simulator.preList` does. */
  async preList(...[symbol, spec]: Parameters<Simulator['preList']>): Promise<void> {
    await this.#call('POST', '/pre-list', { symbol, ...spec })
  }

  /** Ends an instrument's trading, as `Simulator.delist` does. */
  async delist(...[category, symbol, options]: Parameters<Simulator['delist']>): Promise<void> {
    await this.#call('POST', '/delist', { category, symbol, ...options })
  }

  /** Changes an instrument's row, as `Simulator.changeInstrument` does. */
  async changeInstrument(
    ...[category, symbol, changes]: Parameters<Simulator['changeInstrument']>
  ): Promise<void> {
    await this.#call('POST', '/change-instrument', { category, symbol, changes })
  }

  async pause(): Promise<void> {
    await this.#call('POST', '/pause')
  }

  async resume(): Promise<void> {
    await this.#call('POST', '/resume')
  }

  /** Stops it after everything that was sent has left, and waits for its end. */
  async stop(): Promise<void> {
    this.#child.stdin?.end()
    await this.exitCode
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #call(method: string, path: string, body?: object): Promise<Response> {
    const response = await fetch(this.controlUrl + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (response.ok) return response
    throw new SimError('SIM_PROCESS_FAILED', `${method} ${path}: ${await response.text()}`)
  }
}
