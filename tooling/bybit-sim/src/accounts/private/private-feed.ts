import { type Category, nowMs } from '@grid/core-events'
import type { Random } from '../../base/random.ts'
import type { ServerClock } from '../../base/server-clock.ts'
import type { WireRow } from '../../base/wire-row.ts'
import type { Connection, DataFrame } from '../../sockets/connection.ts'
import type { Hub } from '../../sockets/hub.ts'
import type { Account } from '../holdings/account.ts'
import type { MarketPrices } from '../holdings/market-prices.ts'
import type { AccountNews } from '../matching/batch.ts'
import { executionRow, fastExecutionRow } from '../rows/execution-row.ts'
import { positionRow } from '../rows/position-row.ts'
import { walletRow } from '../rows/wallet-row.ts'
import { type PrivateCategory, type PrivateKind, parsePrivateTopic } from './private-topic.ts'

/** How many messages of an account are kept for redelivery. */
const KEPT = 200
/** How often each row gets a message of its own, although rows could share one. */
const APART = 0.3

/** One private message; its text depends on the topic by which a connection subscribed. */
export interface PrivateMessage {
  readonly kind: PrivateKind
  /** Null for `wallet`. */
  readonly category: PrivateCategory | null
  /** Empty for kinds without an id. */
  readonly id: string
  /** Epoch milliseconds. */
  readonly creationTime: number
  readonly rows: readonly WireRow[]
  /** The connection number of every write, in order. */
  readonly sentTo: readonly number[]
}

type Draft = Omit<PrivateMessage, 'sentTo'>
type KeptMessage = Draft & { readonly sentTo: number[] }

/** Sends accounts what happened to them, the topics in random order. */
export class PrivateFeed {
  readonly #hub: Hub
  readonly #clock: ServerClock
  readonly #random: Random
  readonly #prices: MarketPrices
  readonly #sessions = new Map<string, Set<Connection>>()
  readonly #kept = new Map<string, KeptMessage[]>()

  constructor(options: { hub: Hub; clock: ServerClock; random: Random; prices: MarketPrices }) {
    this.#hub = options.hub
    this.#clock = options.clock
    this.#random = options.random
    this.#prices = options.prices
  }

  /** Adds a connection to its account's sessions until it ends. */
  admit(connection: Connection, uid: string): void {
    const sessions = this.#sessions.get(uid) ?? new Set()
    this.#sessions.set(uid, sessions)
    sessions.add(connection)
    void connection.ended.then(() => sessions.delete(connection))
  }

  /** The open authenticated connections of an account. */
  sessions(uid: string): Connection[] {
    return [...(this.#sessions.get(uid) ?? [])]
  }

  /** Sends what happened, topic by topic in random order. */
  report(news: AccountNews): void {
    for (const group of this.#shuffled(this.#groups(news))) {
      for (const draft of group) this.#send(news.account.uid, { ...draft, sentTo: [] })
    }
  }

  /** Sends a message of any content. */
  send(uid: string, message: Omit<PrivateMessage, 'creationTime' | 'sentTo'>): PrivateMessage {
    const made = { ...message, creationTime: nowMs(this.#clock), sentTo: [] }
    this.#send(uid, made)
    return made
  }

  /** The newest messages of an account, oldest first. */
  recent(uid: string): readonly PrivateMessage[] {
    return this.#kept.get(uid) ?? []
  }

  /** Sends the last `count` messages of a kind again, unchanged; gives how many there were. */
  redeliver(uid: string, kind: PrivateKind | null, count: number): number {
    const kept = this.#kept.get(uid) ?? []
    const matching = kept.filter((message) => kind === null || message.kind === kind)
    const again = matching.slice(-count)
    for (const message of again) this.#deliver(uid, message)
    return again.length
  }

  #groups(news: AccountNews): Draft[][] {
    const { account } = news
    const creationTime = nowMs(this.#clock)
    const executions = [...byCategory(news.executions, ({ desk }) => desk)].map(
      ([category, items]): Draft[] =>
        this.#portions(items).map((portion) => ({
          kind: 'execution',
          category,
          id: matchId(account, portion[0]?.desk.instrument.symbol, portion[0]?.seq, category),
          creationTime,
          rows: portion.map(executionRow),
        })),
    )
    const fast = news.executions
      .filter(({ execType }) => execType === 'Trade')
      .map((item): Draft[] => [
        {
          kind: 'execution.fast',
          category: item.desk.instrument.category,
          id: '',
          creationTime,
          rows: [fastExecutionRow(item)],
        },
      ])
    const orders = [...byCategory(news.orders, ({ desk }) => desk)].map(
      ([category, items]): Draft[] =>
        this.#portions(items).map((portion) => ({
          kind: 'order',
          category,
          id: matchId(
            account,
            portion[0]?.desk.instrument.symbol,
            portion[0]?.desk.tape.seq,
            category,
          ),
          creationTime,
          rows: portion.map(({ row }) => row),
        })),
    )
    for (const desk of news.positions) account.reportedDesks.add(desk)
    const positions = [...byCategory([...news.positions], (desk) => desk)].map(
      ([category, desks]): Draft[] => [
        {
          kind: 'position',
          category,
          id: `${account.uid}_position_${creationTime}`,
          creationTime,
          rows: desks.flatMap((desk) =>
            account.legsOf(desk).map((leg) => positionRow(leg, this.#prices.mark(desk))),
          ),
        },
      ],
    )
    const wallet: Draft[] =
      news.coins.size === 0
        ? []
        : [
            {
              kind: 'wallet',
              category: null,
              id: `${account.uid}_wallet_${creationTime}`,
              creationTime,
              rows: [walletRow(account, [...news.coins], this.#prices)],
            },
          ]
    return [...executions, ...fast, ...orders, ...positions, wallet]
  }

  /** All items in one portion, or each in one of its own. */
  #portions<Item>(items: readonly Item[]): Item[][] {
    return this.#random.chance(APART) ? items.map((item) => [item]) : [[...items]]
  }

  #shuffled<Item>(items: readonly Item[]): Item[] {
    const left = [...items]
    return items.flatMap(() => left.splice(this.#random.below(left.length), 1))
  }

  #send(uid: string, message: KeptMessage): void {
    const kept = this.#kept.get(uid) ?? []
    this.#kept.set(uid, kept)
    kept.push(message)
    if (kept.length > KEPT) kept.shift()
    this.#deliver(uid, message)
  }

  #deliver(uid: string, message: KeptMessage): void {
    const frames = new Map<string, DataFrame>()
    for (const connection of this.#sessions.get(uid) ?? []) {
      for (const topic of connection.topics) {
        if (!carries(topic, message)) continue
        let frame = frames.get(topic)
        if (frame === undefined) {
          frame = { topic, bytes: Buffer.from(textOf(topic, message)), sentTo: message.sentTo }
          frames.set(topic, frame)
        }
        this.#hub.deliver(connection, frame)
      }
    }
  }
}

function carries(topic: string, { kind, category }: Draft): boolean {
  const parsed = parsePrivateTopic(topic)
  if (parsed?.kind !== kind) return false
  if (parsed.category !== null) return parsed.category === category
  // Positions of Event Contracts, whose rows name no category, have a topic of their own only.
  return !(category === 'event' && kind === 'position')
}

/** Orders and executions of one match share the id; for spot it has a number in place of the symbol. */
function matchId(
  { uid }: Account,
  symbol: string | undefined,
  seq: number | undefined,
  category: Category,
): string {
  return `${uid}_${category === 'spot' ? '20000' : symbol}_${seq}`
}

/** The order of the envelope's keys depends on the kind. */
function textOf(topic: string, { kind, id, creationTime, rows }: Draft): string {
  switch (kind) {
    case 'execution.fast':
      return JSON.stringify({ topic, creationTime, data: rows })
    case 'execution':
    case 'order':
      return JSON.stringify({ topic, id, creationTime, data: rows })
    default:
      return JSON.stringify({ id, topic, creationTime, data: rows })
  }
}

function byCategory<Item>(
  items: readonly Item[],
  deskOf: (item: Item) => { readonly instrument: { readonly category: Category } },
): Map<Category, Item[]> {
  return Map.groupBy(items, (item) => deskOf(item).instrument.category)
}
