import {
  type Category,
  type Clock,
  type ClockTimer,
  nowMs,
  sleep,
  systemClock,
} from '@grid/core-events'
import type { AccountExchange } from '../accounts/account-exchange.ts'
import { Pacer } from '../base/pacer.ts'
import type { WireRow } from '../base/wire-row.ts'
import { STEP_MS } from '../channels/symbol-channel.ts'
import type { Fault, FaultReport } from '../faults/fault.ts'
import type { Desk } from '../market/desk.ts'
import type { AuctionPhase } from '../market/listing.ts'
import type { EndStatus, ListingSpec } from '../market/market.ts'
import { checkOverrides, type TradeSpec } from '../market/trade-spec.ts'
import type { RestStats } from '../rest/rest-limits.ts'
import type { ConnectionInfo } from '../sockets/connection.ts'
import type { TickerTruth } from '../truth/ticker-truth.ts'
import type { TradeTruth } from '../truth/trade-truth.ts'
import type { RawTruth, SymbolTotals, Truth } from '../truth/truth.ts'
import { applyFault } from './apply-fault.ts'
import { buildExchange, type Exchange } from './exchange.ts'
import { type ReplayOptions, type ReplayReport, replayFrames } from './replay.ts'
import {
  checkSymbol,
  readOptions,
  type SimulatorOptions,
  type SimulatorSettings,
  symbolsOf,
} from './simulator-options.ts'

/** How long a client has to answer the closing handshake when the simulator stops. */
const STOP_GRACE_MS = 2000

/**
 * Starts a local Bybit V5 exchange: public and private sockets, REST, the archive, and a market.
 *
 * Throws `SIM_BAD_INPUT` for options that make no sense, `SIM_LISTEN_FAILED` when a port is taken.
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

/** How a pre-market contract is listed. */
export interface PreListingSpec {
  /** Its current phase; default `NotStarted`. */
  readonly phase?: AuctionPhase
  /** Whether it has no auction; default false. */
  readonly skipCallAuction?: boolean
}

/** A running exchange; made by {@link startSimulator}. */
export class Simulator implements AsyncDisposable {
  readonly #clock: Clock
  readonly #host: string
  readonly #startsPaused: boolean
  readonly #fillsPerSecond: number
  readonly #exchange: Exchange
  readonly #pacer: Pacer
  readonly #stop = new AbortController()
  #idleScan: ClockTimer | null = null

  constructor(settings: SimulatorSettings, clock: Clock) {
    this.#clock = clock
    this.#host = settings.host
    this.#startsPaused = settings.paused
    this.#fillsPerSecond = settings.accounts > 0 ? settings.fillsPerSecond : 0
    this.#exchange = buildExchange(settings, clock)
    for (const [category, symbols] of symbolsOf(settings)) {
      for (const symbol of symbols) this.#list(category, symbol)
    }
    for (let count = 0; count < settings.accounts; count++) {
      this.exchange.openAccount({ positionMode: count % 2 === 0 ? 'one-way' : 'hedge' })
    }
    const { feed } = this.#exchange
    this.#pacer = new Pacer(clock, STEP_MS, (step) => feed.step(step))
  }

  /** The accounts, their keys and orders, and what can happen to them. */
  get exchange(): AccountExchange {
    return this.#exchange.privateSide.control
  }

  /** Base URL of the sockets, without a path. */
  get wsUrl(): string {
    return `ws://${this.#host}:${this.#exchange.socketPort.port}`
  }

  /** Base URL of REST, without a path. */
  get restUrl(): string {
    return `http://${this.#host}:${this.#exchange.httpPort.port}`
  }

  /** Base URL of the archive, without a path. */
  get archiveUrl(): string {
    return this.restUrl
  }

  /** Opens the ports and starts the market; {@link startSimulator} has done so already. */
  async start(): Promise<void> {
    await this.#exchange.socketPort.up()
    await this.#exchange.httpPort.up()
    this.#scanIdle()
    if (!this.#startsPaused) this.resume()
  }

  /** Everything produced so far, and to which connections it was sent. */
  truth(): Truth {
    return this.#exchange.ledger.truth()
  }

  /** How much of each symbol was produced and sent; cheap. */
  totals(): SymbolTotals[] {
    return this.#exchange.ledger.totals()
  }

  /** The number of REST requests, and the most within any window of a limit. */
  restStats(): RestStats {
    return this.#exchange.restLimits.stats()
  }

  /** Every connection since the start, in order of their numbers. */
  connections(): ConnectionInfo[] {
    return this.#exchange.hub.connections.map((connection) => connection.info)
  }

  /** How many steps of 10 ms the market has made. */
  get steps(): number {
    return this.#pacer.steps
  }

  /**
   * Injects a fault; resolves when it has taken effect (a closed connection is gone by then).
   *
   * @example
   * await sim.fault({ kind: 'close', abrupt: true })
   */
  fault(fault: Fault): Promise<FaultReport> {
    const scene = { ...this.#exchange, clock: this.#clock, signal: this.#stop.signal }
    return applyFault(scene, fault)
  }

  /**
   * Places trades by hand: as one match, or with `sameSeq: false` each as a match of its own.
   *
   * @example
   * sim.trade({ symbol: 'BTCUSDT', count: 3, price: '100000.10' })
   */
  trade(spec: TradeSpec): TradeTruth[] {
    const { symbol, category = 'linear', count = 1, sameSeq = true, perFrame, ...overrides } = spec
    checkOverrides(overrides)
    const { trades } = this.#exchange.feed.channelsOf(category, symbol)
    if (sameSeq) return trades.match(count, overrides, perFrame)
    return Array.from({ length: count }).flatMap(() => trades.match(1, overrides))
  }

  /** Places one large match by hand, split into frames of at most 1024 trades with the same `seq`. */
  burst(spec: {
    readonly symbol: string
    readonly category?: Category
    readonly trades: number
  }): TradeTruth[] {
    const { symbol, category = 'linear', trades } = spec
    return this.trade({ symbol, category, count: trades })
  }

  /**
   * Places a ticker message by hand: for a contract a delta of exactly these keys, for a spot pair or
   * an option a complete ticker with these values.
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
    return this.#exchange.feed.channelsOf(category, symbol).ticker.place(changes)
  }

  /** Changes the best bid and ask by hand, once. */
  moveBook(symbol: string, category: Category = 'linear'): void {
    this.#exchange.feed.channelsOf(category, symbol).book.move()
  }

  /**
   * Lists an instrument, new or delisted before: it trades from now on, or with `PendingOpen` it takes
   * subscriptions and waits. A pre-market contract becomes an ordinary one.
   */
  list(
    category: Category,
    symbol: string,
    { status = 'Trading' }: { readonly status?: 'Trading' | 'PendingOpen' } = {},
  ): void {
    this.#list(category, symbol, { status, launchTime: nowMs(this.#exchange.serverClock) })
  }

  /**
   * Lists a linear contract before its market opens (`PreLaunch`), or moves it to another phase, which
   * begins now. It has trades and a book only in `ContinuousTrading`.
   *
   * @example
   * sim.preList('BIOUSDT', { phase: 'ContinuousTrading' })
   */
  preList(symbol: string, spec: PreListingSpec = {}): void {
    const { market } = this.#exchange
    const { phase = 'NotStarted', skipCallAuction = false } = spec
    const launchTime = nowMs(this.#exchange.serverClock)
    const desk = market.find('linear', symbol) ?? this.#list('linear', symbol, { launchTime })
    market.preList(desk, phase, skipCallAuction)
  }

  /** Delists an instrument: no data, no new subscriptions, status `Closed` or `Delivering`. */
  delist(
    category: Category,
    symbol: string,
    { status = 'Closed' }: { readonly status?: EndStatus } = {},
  ): void {
    this.#exchange.market.delist(category, symbol, status)
  }

  /**
   * Changes keys of an instrument's row in `instruments-info`, objects key by key; the keys may be new
   * ones. A new tick size also holds for the prices of the market.
   *
   * @example
   * sim.changeInstrument('linear', 'BTCUSDT', { priceFilter: { tickSize: '0.50' } })
   */
  changeInstrument(category: Category, symbol: string, changes: WireRow): void {
    this.#exchange.market.desk(category, symbol).change(changes)
  }

  /**
   * Sends a text, byte for byte, to the subscribers of a topic; the truth keeps it in `raws`.
   *
   * The topic may be one that no channel produces: from now on it can be subscribed to. To accept it
   * from the start, name it in `extraTopics`.
   *
   * @example
   * await using sim = await startSimulator({ extraTopics: ['pulse.5.BTCUSDT'] })
   * sim.broadcast('pulse.5.BTCUSDT', '{"topic":"pulse.5.BTCUSDT","ts":1760000000101,"data":{}}')
   */
  broadcast(topic: string, text: string, category: Category = 'linear'): RawTruth {
    this.#exchange.extraTopics.add(topic)
    const producedAtUs = this.#clock.nowUs()
    const sentTo = this.#exchange.hub.publish(category, topic, () => text)
    const raw: RawTruth = { kind: 'raw', category, topic, text, producedAtUs, sentTo }
    this.#exchange.ledger.addRaw(raw)
    return raw
  }

  /**
   * Sends recorded frames, byte for byte, to the subscribers of their topics, with the recording's
   * timing. Topics are treated as in {@link broadcast}.
   */
  replayFrames(options: ReplayOptions): Promise<ReplayReport> {
    return replayFrames(options, this.#clock, (topic, text) =>
      this.broadcast(topic, text, options.category),
    )
  }

  /** Stops the market and the bot; sockets stay open and answer. */
  pause(): void {
    this.#pacer.stop()
    this.exchange.stopBot()
  }

  /** Continues the market and the bot; what would have happened meanwhile is skipped. */
  resume(): void {
    if (this.#stop.signal.aborted) return
    this.#pacer.start()
    if (this.#fillsPerSecond > 0) this.exchange.startBot({ fillsPerSecond: this.#fillsPerSecond })
  }

  /** Closes every connection, after everything that was sent, and the ports. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#pacer.stop()
    this.exchange.stopBot()
    this.#idleScan?.cancel()
    this.#exchange.socketPort.down()
    this.#exchange.httpPort.end()
    const closing = this.#exchange.hub.targets().map((connection) => connection.close(1001, ''))
    const grace = new AbortController()
    await Promise.race([Promise.all(closing), sleep(this.#clock, STOP_GRACE_MS, grace.signal)])
    grace.abort()
    await Promise.all(this.#exchange.hub.connections.map((connection) => connection.destroy()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #list(category: Category, symbol: string, spec: ListingSpec = {}): Desk {
    checkSymbol(category, symbol)
    return this.#exchange.feed.list(category, symbol, spec)
  }

  #scanIdle(): void {
    this.#idleScan = this.#clock.setTimer(() => {
      this.#exchange.socket.dropIdle()
      this.#scanIdle()
    }, this.#exchange.rules.idleScanMs)
  }
}
