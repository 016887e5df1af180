import {
  type Category,
  TICKER_FIELD_NAMES,
  TICKER_FIELDS,
  type TickerEvent,
  type TickerFieldName,
} from '@grid/core-events'

type Values = Partial<Record<TickerFieldName, string | number>>

/** A part of a message: its fields, and how likely it is that a message carries them. */
interface Part {
  readonly chance: number
  readonly draw: () => Values
}

const price = (): string => (60_000 + Math.random() * 1000).toFixed(2)
const size = (): string => (Math.random() * 40).toFixed(3)
const volume = (): string => (100_000 + Math.random() * 10_000).toFixed(4)
const value = (): string => (7e9 + Math.random() * 1e7).toFixed(4)
const ratio = (): string => (Math.random() / 1000).toFixed(8)

/** What a linear delta carries, 6.4 fields on average; price and size of a side come together. */
const LINEAR: readonly Part[] = [
  { chance: 0.75, draw: () => ({ bid1Price: price(), bid1Size: size() }) },
  { chance: 0.75, draw: () => ({ ask1Price: price(), ask1Size: size() }) },
  { chance: 0.45, draw: () => ({ markPrice: price() }) },
  { chance: 0.45, draw: () => ({ indexPrice: price() }) },
  { chance: 0.35, draw: () => ({ lastPrice: price() }) },
  { chance: 0.25, draw: () => ({ tickDirection: 'ZeroPlusTick' }) },
  { chance: 0.2, draw: () => ({ price24hPcnt: ratio() }) },
  { chance: 0.4, draw: () => ({ turnover24h: value(), volume24h: volume() }) },
  { chance: 0.3, draw: () => ({ openInterest: volume(), openInterestValue: value() }) },
  { chance: 0.15, draw: () => ({ singleOpenInterest: size(), singleOpenInterestValue: value() }) },
]

const LINEAR_REST = (): Values => ({
  prevPrice24h: price(),
  highPrice24h: price(),
  lowPrice24h: price(),
  prevPrice1h: price(),
  nextFundingTime: 1_760_112_000_000,
  fundingRate: ratio(),
  fundingIntervalHour: '8',
  fundingCap: '0.005',
})

const SPOT = (): Values => ({
  lastPrice: price(),
  price24hPcnt: ratio(),
  prevPrice24h: price(),
  highPrice24h: price(),
  lowPrice24h: price(),
  turnover24h: value(),
  volume24h: volume(),
  usdIndexPrice: price(),
})

const OPTION = (): Values => ({
  ...Object.fromEntries(
    ['bid1Price', 'bid1Size', 'ask1Price', 'ask1Size', 'lastPrice', 'markPrice'].map((name) => [
      name,
      price(),
    ]),
  ),
  bid1Iv: ratio(),
  ask1Iv: ratio(),
  markIv: ratio(),
  indexPrice: price(),
  underlyingPrice: price(),
  openInterest: volume(),
  totalVolume: volume(),
  totalTurnover: value(),
  turnover24h: value(),
  volume24h: volume(),
  delta: ratio(),
  gamma: ratio(),
  vega: ratio(),
  theta: ratio(),
  predictedDeliveryPrice: price(),
  change24h: ratio(),
})

/** The instruments of a feed and their messages. */
export interface TickerFeedOptions {
  /** Time of the first message, in epoch milliseconds. */
  readonly from: number
  readonly symbols: number
  /** Milliseconds between two messages of a symbol, on average. */
  readonly everyMs: number
  /** Whether all symbols have a message at each instant, as the exchange sends them. Default: by chance. */
  readonly isInStep?: boolean
}

/** Gives the tickers of many instruments at one message a symbol and interval, in the order of time. */
export class TickerFeed {
  readonly symbols: readonly string[]
  readonly #category: Category
  readonly #everyMs: number
  readonly #isInStep: boolean
  readonly #states = new Map<string, TickerEvent>()
  #now: number
  #seq = 190_000_000_000
  #place = -1

  constructor(category: Category, options: TickerFeedOptions) {
    const suffix =
      category === 'option' ? '-26DEC25-60000-C' : category === 'inverse' ? 'USD' : 'USDT'
    this.symbols = Array.from({ length: options.symbols }, (_, n) => `COIN${n}${suffix}`)
    this.#category = category
    this.#now = options.from
    this.#everyMs = options.everyMs
    this.#isInStep = options.isInStep ?? false
  }

  next(count: number): TickerEvent[] {
    return Array.from({ length: count }, () => this.#message())
  }

  #message(): TickerEvent {
    const symbol = this.#isInStep ? this.#nextInStep() : this.#nextAtRandom()
    this.#seq += 1
    const before = this.#states.get(symbol)
    const isWhole = before === undefined || this.#category === 'option'
    // A spot ticker is whole; its book is not, and comes more often.
    const isSnapshot = isWhole || (this.#category === 'spot' && this.#seq % 3 === 0)
    const values = isSnapshot ? this.#whole() : this.#delta()
    const names = Object.keys(values) as TickerFieldName[]
    const own = {
      channel: 'ticker',
      category: this.#category,
      symbol,
      exchangeTs: Math.floor(this.#now),
      localTsUs: Math.floor(this.#now * 1000) + Math.floor(Math.random() * 90_000),
      source: 'ws',
      seq: this.#seq,
      isSnapshot,
      changed: names.reduce((mask, name) => mask + 2 ** TICKER_FIELDS[name].bit, 0),
      extra: null,
    } as const
    // Sound: every value is drawn as its field's kind.
    const event = { ...(before ?? BLANK), ...values, ...own } as TickerEvent
    this.#states.set(symbol, event)
    return event
  }

  #nextAtRandom(): string {
    this.#now += this.#everyMs / this.symbols.length
    return this.symbols[Math.floor(Math.random() * this.symbols.length)] as string
  }

  #nextInStep(): string {
    this.#place = (this.#place + 1) % this.symbols.length
    if (this.#place === 0) this.#now += this.#everyMs
    return this.symbols[this.#place] as string
  }

  #whole(): Values {
    if (this.#category === 'spot') return SPOT()
    if (this.#category === 'option') return OPTION()
    return Object.assign(LINEAR_REST(), ...LINEAR.map(({ draw }) => draw()))
  }

  #delta(): Values {
    const parts = this.#category === 'spot' ? LINEAR.slice(0, 2) : LINEAR
    const isBook = this.#category === 'spot'
    return Object.assign(
      {},
      ...parts.filter(({ chance }) => isBook || Math.random() < chance).map(({ draw }) => draw()),
    )
  }
}

// Sound: a template that is overwritten with what each message has.
const BLANK = Object.fromEntries(TICKER_FIELD_NAMES.map((name) => [name, null])) as Record<
  TickerFieldName,
  null
>
