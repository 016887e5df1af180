import {
  type Category,
  type Decimal,
  isDecimal,
  isSymbol,
  type JsonValue,
  type PublicTradeEvent,
  parseDecimal,
  parseExchangeTs,
} from '@grid/core-events'
import { z } from 'zod'
import { faultOf, type ItemFault } from '../../wire/item-fault.ts'
import {
  isWireObject,
  parseSequence,
  wireDecimal,
  wireName,
  wireOptionalDecimal,
  wireOptionalName,
  wireSequence,
  wireTime,
} from '../../wire/wire.ts'
import { bySymbol, type ChannelDialect, type TradeWitness } from '../dialect/channel-dialect.ts'
import type { ChannelMapper, ItemContext, ScannedFrame } from '../dialect/channel-mapper.ts'
import { MatchIndex } from './match-index.ts'
import { TradeScanner } from './trade-scanner.ts'

/** One element of a trade frame's `data`, as documented but not yet checked. */
interface WireTrade {
  readonly T?: unknown
  readonly s?: unknown
  readonly S?: unknown
  readonly v?: unknown
  readonly p?: unknown
  readonly L?: unknown
  readonly i?: unknown
  readonly BT?: unknown
  readonly RPI?: unknown
  readonly seq?: unknown
  readonly mP?: unknown
  readonly iP?: unknown
  readonly mIv?: unknown
  readonly iv?: unknown
}

const common = {
  T: wireTime,
  S: wireName,
  v: wireDecimal,
  p: wireDecimal,
  L: wireOptionalName.optional(),
  i: wireName,
  BT: z.boolean().optional(),
  RPI: z.boolean().optional(),
  seq: wireSequence.optional(),
  mP: wireOptionalDecimal.optional(),
  iP: wireOptionalDecimal.optional(),
  mIv: wireOptionalDecimal.optional(),
  iv: wireOptionalDecimal.optional(),
}
const OF_COMMON_SOCKETS: z.ZodType = z.object({ ...common, s: wireName.optional() })
const OF_OPTION_SOCKETS: z.ZodType = z.object({ ...common, s: wireName })

/** What the guards of {@link PublicTradeMapper} accept, as a zod schema. */
export function wireTradeSchema(category: Category): z.ZodType {
  return category === 'option' ? OF_OPTION_SOCKETS : OF_COMMON_SOCKETS
}

const MAX_NAME_LENGTH = 64

/** Maps the elements of a trade frame's `data`. */
export class PublicTradeMapper implements ChannelMapper {
  /** Outlives connections: the count goes on in a match that a reconnect or a rotation cut in two. */
  readonly #matches = new MatchIndex()
  readonly isList = true
  readonly #scanner: TradeScanner | null
  /** The newest valid price: trades of one match often share it, and it need not be checked again. */
  #price: Decimal | null = null

  constructor(category: Category) {
    const isContract = category === 'linear' || category === 'inverse'
    this.#scanner = isContract ? new TradeScanner(category, this.#matches) : null
  }

  scan(text: string, localTsUs: number): ScannedFrame | null {
    return this.#scanner?.scan(text, localTsUs) ?? null
  }

  map(item: unknown, context: ItemContext): PublicTradeEvent | null {
    if (!isWireObject(item)) return null
    const { T, s, S, v, p, L, i, BT, RPI, seq, mP, iP, mIv, iv }: WireTrade = item
    const { category, topicSymbol } = context
    const exchangeTs = parseExchangeTs(T)
    const symbol = isTopicsOwn(s, context) ? topicSymbol : s
    const sequence = seq === undefined ? -1 : parseSequence(seq)
    const tickDirection = tickDirectionOf(L)
    const markPrice = optionalDecimal(mP)
    const indexPrice = optionalDecimal(iP)
    const markIv = optionalDecimal(mIv)
    const tradeIv = optionalDecimal(iv)
    if (
      exchangeTs === undefined ||
      sequence === undefined ||
      !(symbol === topicSymbol || isSymbol(symbol)) ||
      !(S === 'Buy' || S === 'Sell' || isSymbol(S)) ||
      !this.#isPrice(p) ||
      !(typeof v === 'string' && isDecimal(v)) ||
      !isName(i, context) ||
      tickDirection === undefined ||
      !(BT === undefined || typeof BT === 'boolean') ||
      !(RPI === undefined || typeof RPI === 'boolean') ||
      markPrice === undefined ||
      indexPrice === undefined ||
      markIv === undefined ||
      tradeIv === undefined
    ) {
      return null
    }
    this.#price = p
    return {
      channel: 'publicTrade',
      category,
      symbol,
      exchangeTs,
      localTsUs: context.localTsUs,
      source: 'ws',
      tradeId: i,
      side: S,
      price: p,
      size: v,
      tickDirection,
      isBlockTrade: BT ?? null,
      isRpiTrade: RPI ?? null,
      seq: sequence,
      matchIndex: this.#matches.next(symbol, sequence, i),
      markPrice,
      indexPrice,
      markIv,
      iv: tradeIv,
    }
  }

  #isPrice(value: unknown): value is Decimal {
    if (typeof value !== 'string') return false
    return value === this.#price || isDecimal(value)
  }

  explain(item: unknown, { category }: ItemContext): ItemFault {
    return faultOf(wireTradeSchema(category), item, [])
  }

  symbolOf(item: unknown, context: ItemContext): string | null {
    const s = isWireObject(item) ? (item as WireTrade).s : undefined
    if (isTopicsOwn(s, context)) return context.topicSymbol
    return isSymbol(s) ? s : null
  }

  /** Nothing to do: match counts hold across connections. */
  reset(): void {}

  checkpoint(): JsonValue {
    return this.#matches.checkpoint()
  }

  restore(state: JsonValue): void {
    this.#matches.restore(state)
  }
}

/** Whether a trade is of the topic's symbol. An option topic names a base coin, never a symbol. */
function isTopicsOwn(s: unknown, { category, topicSymbol }: ItemContext): boolean {
  return category !== 'option' && (s === undefined || s === topicSymbol)
}

function isName(value: unknown, { isPlain }: ItemContext): value is string {
  if (!isPlain) return isSymbol(value)
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME_LENGTH
}

/** Null if there is none, undefined if it is no name. */
function tickDirectionOf(value: unknown): string | null | undefined {
  switch (value) {
    case 'PlusTick':
    case 'ZeroPlusTick':
    case 'MinusTick':
    case 'ZeroMinusTick':
      return value
    case undefined:
    case '':
      return null
    default:
      return isSymbol(value) ? value : undefined
  }
}

function optionalDecimal(value: unknown): Decimal | null | undefined {
  return value === undefined ? null : parseDecimal(value)
}

/** Each event proves a trade: nothing need be remembered. */
const EACH_TRADE: TradeWitness = { provesTrade: () => true, forget: () => {} }

/**
 * Public trades: topic `publicTrade.{symbol}`, on options `publicTrade.{baseCoin}` for all of its
 * contracts; no snapshot and no history on subscribe.
 */
export const publicTradeDialect: ChannelDialect<'publicTrade'> = {
  channel: 'publicTrade',
  topicKinds: (category) => [
    category === 'option'
      ? { prefix: 'publicTrade', proof: 'data', speaksOnTrade: true, tailOf: baseCoinOf }
      : { prefix: 'publicTrade', proof: 'ack', speaksOnTrade: true, tailOf: bySymbol },
  ],
  // A trade mapper remembers nothing that belongs to one connection.
  createMappers: (category, predecessors) => predecessors ?? [new PublicTradeMapper(category)],
  createTradeWitness: () => EACH_TRADE,
}

/** `BTC` of `BTC-26DEC25-120000-C-USDT`. */
function baseCoinOf(symbol: string): string {
  return symbol.split('-', 1)[0] || symbol
}
