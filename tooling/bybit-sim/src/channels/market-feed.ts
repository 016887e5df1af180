import { type Category, nowMs } from '@grid/core-events'
import { possibleSymbols } from '../base/possible-symbols.ts'
import type { Desk } from '../market/desk.ts'
import type { ListingSpec, Market } from '../market/market.ts'
import type { Connection } from '../sockets/connection.ts'
import { CHANNELS, type SymbolChannels } from './channels.ts'
import type { SymbolChannel, Wire } from './symbol-channel.ts'

/** A channel of an instrument that is published under some topic. */
interface Publication {
  readonly desk: Desk
  readonly channel: SymbolChannel
}

/** Lets the market run: step by step, each channel of each listed instrument makes its data. */
export class MarketFeed {
  readonly #market: Market
  readonly #wire: Wire
  readonly #channels = new Map<Desk, SymbolChannels>()
  readonly #byTopic = new Map<string, Publication[]>()

  constructor(market: Market, wire: Wire) {
    this.#market = market
    this.#wire = wire
  }

  /** Lists an instrument: a new one, or one that was delisted. */
  list(category: Category, symbol: string, spec: ListingSpec = {}): Desk {
    const desk = this.#market.list(category, symbol, spec)
    this.#wire.ledger.open(category, symbol)
    if (!this.#channels.has(desk)) this.#open(desk)
    return desk
  }

  /** The channels of an instrument; throws `SIM_BAD_INPUT` when there is no such instrument. */
  channelsOf(category: Category, symbol: string): SymbolChannels {
    const desk = this.#market.desk(category, symbol)
    return this.#channels.get(desk) ?? this.#open(desk)
  }

  /** Whether a topic can be subscribed to. Option sockets accept any kind of data of a symbol. */
  serves(category: Category, topic: string): boolean {
    if (this.#listed(category, topic).length > 0) return true
    const isListed = (symbol: string): boolean =>
      this.#market.find(category, symbol)?.listing.isListed === true
    return category === 'option' && possibleSymbols(topic).some(isListed)
  }

  /** Sends what a new subscription opens with. */
  greet(connection: Connection, topic: string): void {
    const { category } = connection.dialect
    if (category === 'private') return
    for (const { channel } of this.#listed(category, topic)) channel.greet?.(connection, topic)
  }

  /** Produces what is due in a step; which items these are depends on the seed and the step alone. */
  step(step: number): void {
    const now = nowMs(this.#wire.serverClock)
    let offset = 0
    for (const [desk, channels] of this.#channels) {
      const phase = step + 1 + offset++
      if (!desk.listing.hasTicker) continue
      for (const channel of Object.values(channels)) channel.step({ step, phase, now })
    }
  }

  #listed(category: Category, topic: string): Publication[] {
    const found = this.#byTopic.get(`${category} ${topic}`) ?? []
    return found.filter(({ desk }) => desk.listing.isListed)
  }

  #open(desk: Desk): SymbolChannels {
    const entries = Object.entries(CHANNELS).map(([name, Channel]): [string, SymbolChannel] => [
      name,
      new Channel(desk, this.#wire),
    ])
    for (const [, channel] of entries) this.#index(desk, channel)
    // Sound: each channel is of the class under its name.
    const channels = Object.fromEntries(entries) as unknown as SymbolChannels
    this.#channels.set(desk, channels)
    return channels
  }

  #index(desk: Desk, channel: SymbolChannel): void {
    if (channel.topic === null) return
    const key = `${desk.instrument.category} ${channel.topic}`
    const publications = this.#byTopic.get(key) ?? []
    this.#byTopic.set(key, publications)
    publications.push({ desk, channel })
  }
}
