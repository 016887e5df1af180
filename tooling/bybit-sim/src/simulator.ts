import { type Clock, type ClockTimer, sleep, systemClock } from '@grid/core-events'
import { applyFault } from './apply-fault.ts'
import type { ConnectionInfo } from './connection.ts'
import { ExchangeSocket } from './exchange-socket.ts'
import type { Fault, FaultReport } from './fault.ts'
import { FaultPlan } from './fault-plan.ts'
import { Hub } from './hub.ts'
import { LINEAR_DIALECT } from './linear-dialect.ts'
import { Listener } from './listener.ts'
import { Market, STEP_MS } from './market.ts'
import { Pacer } from './pacer.ts'
import { type ReplayOptions, type ReplayReport, replayFrames } from './replay.ts'
import { RequestHandler } from './request-handler.ts'
import { DEFAULT_RULES, type ExchangeRules } from './rules.ts'
import { readOptions, type SimulatorOptions, type SimulatorSettings } from './simulator-options.ts'
import type { TickerKey } from './ticker-keys.ts'
import { checkOverrides, type TradeSpec } from './trade-spec.ts'
import type { RawTruth, SymbolTotals, TickerTruth, TradeTruth, Truth } from './truth.ts'
import { TruthLedger } from './truth-ledger.ts'

/** How long a peer has to answer the closing handshake when the simulator stops. */
const STOP_GRACE_MS = 2000

/**
 * Starts a local Bybit V5 exchange with a public linear socket and a market of its own.
 *
 * Throws `SIM_BAD_INPUT` for options that make no sense and `SIM_LISTEN_FAILED` for a taken port.
 *
 * @example
 * await using sim = await startSimulator({ seed: 1 })
 * const ws = new WebSocket(`${sim.wsUrl}/v5/public/linear`)
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = new Simulator(readOptions(options), options.clock ?? systemClock)
  await simulator.start()
  return simulator
}

/** A running exchange; made by {@link startSimulator}. */
export class Simulator implements AsyncDisposable {
  readonly #clock: Clock
  readonly #host: string
  readonly #startsPaused: boolean
  readonly #rules: ExchangeRules
  readonly #ledger: TruthLedger
  readonly #hub: Hub
  readonly #plan: FaultPlan
  readonly #market: Market
  readonly #pacer: Pacer
  readonly #listener: Listener
  readonly #socket: ExchangeSocket
  /** Topics that nothing here produces: for frames sent by hand or replayed. */
  readonly #extraTopics: Set<string>
  readonly #stop = new AbortController()
  #idleScan: ClockTimer | null = null

  constructor(settings: SimulatorSettings, clock: Clock) {
    this.#clock = clock
    this.#host = settings.host
    this.#startsPaused = settings.paused
    this.#rules = { ...DEFAULT_RULES, ...settings.rules }
    this.#extraTopics = new Set(settings.extraTopics)
    this.#ledger = new TruthLedger(settings.truth, settings.symbols)
    this.#hub = new Hub(clock)
    this.#plan = new FaultPlan(clock)
    this.#market = new Market({
      clock,
      hub: this.#hub,
      ledger: this.#ledger,
      pace: settings,
      seed: settings.seed,
      symbols: settings.symbols,
      emptyTickerValues: this.#rules.emptyTickerValues,
    })
    this.#pacer = new Pacer(clock, STEP_MS, (step) => this.#market.step(step))
    this.#socket = new ExchangeSocket({
      clock,
      hub: this.#hub,
      faults: this.#plan,
      rules: this.#rules,
      dialects: [LINEAR_DIALECT],
      seed: settings.seed,
      requests: new RequestHandler({
        clock,
        hub: this.#hub,
        faults: this.#plan,
        rules: this.#rules,
        serves: (topic) => this.#market.serves(topic) || this.#extraTopics.has(topic),
        onSubscribed: (connection, topics) => {
          for (const topic of topics) this.#market.greet(connection, topic)
        },
      }),
    })
    this.#listener = new Listener({
      host: settings.host,
      port: settings.port,
      onUpgrade: (request, socket, head) => this.#socket.upgrade(request, socket, head),
    })
  }

  /** Base URL of the sockets, without a path. */
  get wsUrl(): string {
    return `ws://${this.#host}:${this.#listener.port}`
  }

  /** Opens the port and the market; {@link startSimulator} has done so already. */
  async start(): Promise<void> {
    await this.#listener.up()
    this.#scanIdle()
    if (!this.#startsPaused) this.#pacer.start()
  }

  /** Everything produced so far, and to which connections it was sent. */
  truth(): Truth {
    return this.#ledger.truth()
  }

  /** What was produced and sent of each symbol, in sums; cheap. */
  totals(): SymbolTotals[] {
    return this.#ledger.totals()
  }

  /** Every connection since the start, in order of their numbers. */
  connections(): ConnectionInfo[] {
    return this.#hub.connections.map((connection) => connection.info)
  }

  /** How many steps of 10 ms the market has made. */
  get steps(): number {
    return this.#pacer.steps
  }

  /**
   * Lets something go wrong; resolves when it has (a closed connection is gone by then).
   *
   * @example
   * await sim.fault({ kind: 'close', abrupt: true })
   */
  fault(fault: Fault): Promise<FaultReport> {
    return applyFault(
      {
        clock: this.#clock,
        hub: this.#hub,
        plan: this.#plan,
        listener: this.#listener,
        signal: this.#stop.signal,
      },
      fault,
    )
  }

  /**
   * Places trades by hand: one match, or with `sameSeq: false` as many matches as trades.
   *
   * @example
   * sim.trade({ symbol: 'BTCUSDT', count: 3, price: '100000.10' })
   */
  trade(spec: TradeSpec): TradeTruth[] {
    const { symbol, count = 1, sameSeq = true, perFrame, ...overrides } = spec
    checkOverrides(overrides)
    if (sameSeq) return this.#market.match(symbol, count, overrides, perFrame)
    return Array.from({ length: count }).flatMap(() => this.#market.match(symbol, 1, overrides))
  }

  /** Places one large match by hand, split over frames of at most 1024 trades with the same seq. */
  burst(spec: { readonly symbol: string; readonly trades: number }): TradeTruth[] {
    return this.trade({ symbol: spec.symbol, count: spec.trades })
  }

  /**
   * Places a ticker delta by hand that carries exactly these keys.
   *
   * @example
   * sim.tick('BTCUSDT', { markPrice: '100000.41', fundingRate: '' })
   */
  tick(symbol: string, changes: Partial<Record<TickerKey, string>>): TickerTruth {
    checkOverrides(changes)
    return this.#market.tick(symbol, changes)
  }

  /** Sends any text to the subscribers of a topic; the truth keeps it as a raw frame. */
  broadcast(topic: string, text: string): RawTruth {
    this.#extraTopics.add(topic)
    const sentTo = this.#hub.publish(topic, () => text)
    const raw: RawTruth = { kind: 'raw', topic, text, producedAtUs: this.#clock.nowUs(), sentTo }
    this.#ledger.addRaw(raw)
    return raw
  }

  /** Plays recorded frames to the subscribers of their topics, with the recording's timing. */
  replayFrames(options: ReplayOptions): Promise<ReplayReport> {
    return replayFrames(options, this.#clock, (topic, text) => this.broadcast(topic, text))
  }

  /** Stops the market; sockets stay and answer. */
  pause(): void {
    this.#pacer.stop()
  }

  /** Lets the market go on; what would have happened meanwhile is not made up for. */
  resume(): void {
    if (!this.#stop.signal.aborted) this.#pacer.start()
  }

  /** Closes every connection, behind all that was sent, and the port. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#pacer.stop()
    this.#idleScan?.cancel()
    this.#listener.down()
    const closing = this.#hub.targets().map((connection) => connection.close(1001, ''))
    const grace = new AbortController()
    await Promise.race([Promise.all(closing), sleep(this.#clock, STOP_GRACE_MS, grace.signal)])
    grace.abort()
    await Promise.all(this.#hub.connections.map((connection) => connection.destroy()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #scanIdle(): void {
    this.#idleScan = this.#clock.setTimer(() => {
      this.#socket.dropIdle()
      this.#scanIdle()
    }, this.#rules.idleScanMs)
  }
}
