import { type Simulator, startSimulator, type TickerTruth } from '@grid/bybit-sim'
import { type GridEvent, TICKER_FIELD_NAMES, type TickerEvent } from '@grid/core-events'
import { expect, onTestFinished } from 'vitest'
import {
  BybitPublicStream,
  type Discard,
  type PublicStreamOptions,
  type StreamStatus,
} from '../../src/index.ts'
import { until } from './until.ts'

type StatusOf<Type extends StreamStatus['type']> = Extract<StreamStatus, { type: Type }>

export const SYMBOLS: readonly string[] = ['BTCUSDT', 'ETHUSDT']
/** The real timings, many times as fast; a pong still has enough time on a loaded machine. */
const TIMINGS = {
  pingIntervalMs: 300,
  pongTimeoutMs: 1_000,
  ackTimeoutMs: 400,
  snapshotTimeoutMs: 1_000,
  backoffBaseMs: 50,
  gapPadMs: 100,
  silenceGraceMs: 300,
  silenceAfterMs: 500,
  refusedRetryMs: 300,
}

/** A stream of two linear symbols from a simulator that can be given faults. */
export class FaultRig {
  readonly sim: Simulator
  readonly stream: BybitPublicStream
  readonly statuses: StreamStatus[] = []
  readonly events: GridEvent[] = []
  readonly letters: string[] = []
  readonly discards: Discard[] = []

  private constructor(sim: Simulator, stream: BybitPublicStream) {
    this.sim = sim
    this.stream = stream
    stream.on('status', (status) => this.statuses.push(status))
    stream.on('normalized', ({ events, deadLetters, discarded }) => {
      this.events.push(...events)
      this.letters.push(...deadLetters.map(({ code }) => code))
      this.discards.push(...discarded)
    })
  }

  /** All topics are live, and the market runs. */
  static async start(options: Partial<PublicStreamOptions> = {}): Promise<FaultRig> {
    const sim = await startSimulator({
      seed: 12,
      symbols: SYMBOLS,
      tradesPerSecond: 40,
      tickerIntervalMs: 50,
    })
    onTestFinished(() => sim.stop())
    const stream = new BybitPublicStream({
      wsUrl: sim.wsUrl,
      category: 'linear',
      symbols: SYMBOLS,
      channels: ['ticker', 'publicTrade'],
      ...options,
      timings: { ...TIMINGS, ...options.timings },
    })
    onTestFinished(() => stream.close())
    const rig = new FaultRig(sim, stream)
    await stream.start()
    await rig.flows()
    return rig
  }

  /** All statuses of a type, in order. */
  all<Type extends StreamStatus['type']>(type: Type): StatusOf<Type>[] {
    return this.statuses.filter((status): status is StatusOf<Type> => status.type === type)
  }

  /** Waits until a status has been told so many times. */
  async told(type: StreamStatus['type'], times = 1): Promise<void> {
    await until(`${times} × ${type}`, () => this.all(type).length >= times)
  }

  /** The streams that have a gap, each with its reason. */
  get gaps(): string[] {
    const names = this.all('gap').map(({ gap }) => `${gap.reason} ${gap.channel} ${gap.symbol}`)
    return [...new Set(names)].sort()
  }

  /** Waits until every topic is live and has brought something new. */
  async flows(): Promise<void> {
    await until('all topics live', () =>
      this.stream.topics().every(({ state }) => state === 'live'),
    )
    const from = this.events.length
    const speaking = (): Set<string> =>
      new Set(
        this.events
          .slice(from)
          .map((event) => `${event.channel} ${'symbol' in event ? event.symbol : ''}`),
      )
    await until('all topics talk', () => speaking().size === 2 * SYMBOLS.length)
  }

  /**
   * Lets the market go on, then compares: each later ticker equals the exchange's, value for value, and
   * each missing trade lies within a reported gap.
   */
  async heals(): Promise<void> {
    await this.flows()
    const from = this.events.length
    await this.flows()
    this.sim.pause()
    const truth = this.sim.truth()
    const last = truth.trades.findLast(({ sentTo }) => sentTo.length > 0)
    const ids = (): Set<string> =>
      new Set(this.events.flatMap((event) => ('tradeId' in event ? [event.tradeId] : [])))
    await until('the last trade', () => last === undefined || ids().has(last.tradeId))

    const states = new Map(truth.tickers.map((ticker) => [keyOf(ticker), valuesOf(ticker)]))
    const later = this.events.slice(from).filter((event) => event.channel === 'ticker')
    expect(later.length).toBeGreaterThan(0)
    for (const row of later) expect(wireValuesOf(row)).toEqual(states.get(keyOf(row)))

    const got = ids()
    const first = truth.trades.findIndex(({ tradeId }) => got.has(tradeId))
    const missing = truth.trades.slice(first).filter(({ tradeId }) => !got.has(tradeId))
    const untold = missing.filter(
      ({ symbol, exchangeTs }) =>
        !this.all('gap').some(
          ({ gap }) =>
            gap.channel === 'publicTrade' &&
            gap.symbol === symbol &&
            gap.startTs <= exchangeTs &&
            exchangeTs <= gap.endTs,
        ),
    )
    expect(untold).toEqual([])
  }
}

type Identity = Pick<TickerEvent, 'symbol' | 'exchangeTs' | 'seq' | 'isSnapshot'>

function keyOf({ symbol, exchangeTs, seq, isSnapshot }: Identity): string {
  return [symbol, exchangeTs, seq, isSnapshot].join(' ')
}

/** The exchange's values, times as it writes them. */
function valuesOf({ values }: TickerTruth): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))
}

function wireValuesOf(row: TickerEvent): Record<string, string> {
  return Object.fromEntries(
    TICKER_FIELD_NAMES.flatMap((name) => {
      const value = row[name]
      return value === null ? [] : [[name, String(value)]]
    }),
  )
}
