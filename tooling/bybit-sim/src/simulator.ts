import {
  type Category,
  type Clock,
  type ClockTimer,
  nowMs,
  sleep,
  systemClock,
} from '@grid/core-events'
import { applyFault } from './apply-fault.ts'
import { ArchiveServer } from './archive/archive-server.ts'
import type { ConnectionInfo } from './connection.ts'
import { contractDialect } from './contract-dialect.ts'
import { ExchangeSocket } from './exchange-socket.ts'
import type { Fault, FaultReport } from './fault.ts'
import { FaultPlan } from './fault-plan.ts'
import { answerHttp } from './http-server.ts'
import { Hub } from './hub.ts'
import { Listener } from './listener.ts'
import { Market, STEP_MS } from './market.ts'
import { OPTION_DIALECT } from './option-dialect.ts'
import { Pacer } from './pacer.ts'
import { Publisher } from './publisher.ts'
import { type ReplayOptions, type ReplayReport, replayFrames } from './replay.ts'
import { RequestHandler } from './request-handler.ts'
import { RestFaults } from './rest/rest-faults.ts'
import { RestLimits, type RestStats } from './rest/rest-limits.ts'
import { RestServer } from './rest/rest-server.ts'
import { DEFAULT_RULES, type ExchangeRules } from './rules.ts'
import { ServerClock } from './server-clock.ts'
import {
  checkSymbol,
  readOptions,
  type SimulatorOptions,
  type SimulatorSettings,
  symbolsOf,
} from './simulator-options.ts'
import { SPOT_DIALECT } from './spot-dialect.ts'
import { checkOverrides, type TradeSpec } from './trade-spec.ts'
import type { RawTruth, SymbolTotals, TickerTruth, TradeTruth, Truth } from './truth.ts'
import { TruthLedger } from './truth-ledger.ts'

/** How long a peer has to answer the closing handshake when the simulator stops. */
const STOP_GRACE_MS = 2000

/**
 * Starts a local Bybit V5 exchange: public sockets, REST, archive, and a market of its own.
 *
 * Throws `SIM_BAD_INPUT` for options that make no sense and `SIM_LISTEN_FAILED` for a taken port.
 *
 * @example
 * await using sim = await startSimulator({ seed: 1 })
 * const ws = new WebSocket(`${sim.wsUrl}/v5/public/linear`)
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = new Simulator(readOptions(options), options.clock ?? systemClock)
  try {
    await simulator.start()
  } catch (error) {
    await simulator.stop()
    throw error
  }
  return simulator
}

/** A running exchange; made by {@link startSimulator}. */
export class Simulator implements AsyncDisposable {
  readonly #clock: Clock
  readonly #serverClock: ServerClock
  readonly #host: string
  readonly #startsPaused: boolean
  readonly #rules: ExchangeRules
  readonly #ledger: TruthLedger
  readonly #hub: Hub
  readonly #plan: FaultPlan
  readonly #restFaults = new RestFaults()
  readonly #restLimits: RestLimits
  readonly #httpListener: Listener
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
    this.#serverClock = new ServerClock(clock)
    this.#host = settings.host
    this.#startsPaused = settings.paused
    this.#rules = { ...DEFAULT_RULES, ...settings.rules }
    this.#extraTopics = new Set(settings.extraTopics)
    this.#ledger = new TruthLedger(settings.truth)
    this.#plan = new FaultPlan(clock)
    this.#hub = new Hub(clock, this.#plan)
    this.#market = new Market({
      clock: this.#serverClock,
      publisher: new Publisher({
        clock,
        serverClock: this.#serverClock,
        hub: this.#hub,
        ledger: this.#ledger,
        tradesPerFrame: settings.tradesPerFrame,
      }),
      pace: settings,
      seed: settings.seed,
      emptyTickerValues: this.#rules.emptyTickerValues,
    })
    for (const [category, symbols] of symbolsOf(settings)) {
      for (const symbol of symbols) this.#list(category, symbol)
    }
    this.#pacer = new Pacer(clock, STEP_MS, (step) => this.#market.step(step))
    this.#socket = new ExchangeSocket({
      clock,
      hub: this.#hub,
      faults: this.#plan,
      rules: this.#rules,
      dialects: [
        contractDialect('linear'),
        contractDialect('inverse'),
        SPOT_DIALECT,
        OPTION_DIALECT,
      ],
      seed: settings.seed,
      requests: new RequestHandler({
        clock,
        hub: this.#hub,
        faults: this.#plan,
        rules: this.#rules,
        serverClock: this.#serverClock,
        serves: (category, topic) =>
          this.#market.serves(category, topic) || this.#extraTopics.has(topic),
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
    this.#restLimits = new RestLimits(clock, this.#serverClock, this.#rules)
    const rest = new RestServer({
      clock,
      serverClock: this.#serverClock,
      market: this.#market,
      rules: this.#rules,
      limits: this.#restLimits,
      faults: this.#restFaults,
    })
    const archive = new ArchiveServer({
      clock: this.#serverClock,
      ledger: this.#ledger,
      rules: this.#rules,
    })
    this.#httpListener = new Listener({
      host: settings.host,
      port: settings.httpPort,
      onRequest: (request, response) => answerHttp(rest, archive, request, response),
    })
  }

  /** Base URL of the sockets, without a path. */
  get wsUrl(): string {
    return `ws://${this.#host}:${this.#listener.port}`
  }

  /** Base URL of REST, without a path. */
  get restUrl(): string {
    return `http://${this.#host}:${this.#httpListener.port}`
  }

  /** Base URL of the archive, without a path. */
  get archiveUrl(): string {
    return this.restUrl
  }

  /** Opens the ports and the market; {@link startSimulator} has done so already. */
  async start(): Promise<void> {
    await this.#listener.up()
    await this.#httpListener.up()
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

  /** How often REST was asked, and the most within any window of a limit. */
  restStats(): RestStats {
    return this.#restLimits.stats()
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
        serverClock: this.#serverClock,
        restFaults: this.#restFaults,
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
    const { symbol, category = 'linear', count = 1, sameSeq = true, perFrame, ...overrides } = spec
    checkOverrides(overrides)
    const desk = this.#market.desk(category, symbol)
    if (sameSeq) return this.#market.match(desk, count, overrides, perFrame)
    return Array.from({ length: count }).flatMap(() => this.#market.match(desk, 1, overrides))
  }

  /** Places one large match by hand, split over frames of at most 1024 trades with the same seq. */
  burst(spec: {
    readonly symbol: string
    readonly category?: Category
    readonly trades: number
  }): TradeTruth[] {
    const { symbol, category = 'linear', trades } = spec
    return this.trade({ symbol, category, count: trades })
  }

  /**
   * Places a ticker message by hand: a contract's delta that carries exactly these keys, or a spot
   * pair's or option's complete ticker with these values in it.
   *
   * @example
   * sim.tick('BTCUSDT', { markPrice: '100000.41', fundingRate: '' })
   */
  tick(
    symbol: string,
    changes: Readonly<Record<string, string>>,
    category: Category = 'linear',
  ): TickerTruth {
    checkOverrides(changes)
    return this.#market.tick(this.#market.desk(category, symbol), changes)
  }

  /** Lets the best bid and ask change once more than the market does by itself. */
  moveBook(symbol: string, category: Category = 'linear'): void {
    this.#market.moveBook(this.#market.desk(category, symbol))
  }

  /** Lets an instrument trade from now on: a new one, or one that was delisted. */
  list(category: Category, symbol: string): void {
    this.#list(category, symbol, nowMs(this.#serverClock))
  }

  /** Ends an instrument's trading: no data, no new subscriptions, status `Closed`. */
  delist(category: Category, symbol: string): void {
    this.#market.delist(category, symbol)
  }

  /** Sends any text to the subscribers of a topic; the truth keeps it as a raw frame. */
  broadcast(topic: string, text: string, category: Category = 'linear'): RawTruth {
    this.#extraTopics.add(topic)
    const sentTo = this.#hub.publish(category, topic, () => text)
    const producedAtUs = this.#clock.nowUs()
    const raw: RawTruth = { kind: 'raw', category, topic, text, producedAtUs, sentTo }
    this.#ledger.addRaw(raw)
    return raw
  }

  /** Plays recorded frames to the subscribers of their topics, with the recording's timing. */
  replayFrames(options: ReplayOptions): Promise<ReplayReport> {
    return replayFrames(options, this.#clock, (topic, text) =>
      this.broadcast(topic, text, options.category),
    )
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
    this.#httpListener.end()
    const closing = this.#hub.targets().map((connection) => connection.close(1001, ''))
    const grace = new AbortController()
    await Promise.race([Promise.all(closing), sleep(this.#clock, STOP_GRACE_MS, grace.signal)])
    grace.abort()
    await Promise.all(this.#hub.connections.map((connection) => connection.destroy()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #list(category: Category, symbol: string, launchTime?: number): void {
    checkSymbol(category, symbol)
    this.#market.list(category, symbol, launchTime)
    this.#ledger.totalsOf(category, symbol)
  }

  #scanIdle(): void {
    this.#idleScan = this.#clock.setTimer(() => {
      this.#socket.dropIdle()
      this.#scanIdle()
    }, this.#rules.idleScanMs)
  }
}
