import { isDecimal, isSymbol, type PublicTradeEvent, parseExchangeTs } from '@grid/core-events'
import { z } from 'zod'
import type { ChannelDialect, ChannelMapper, ItemContext, ItemFault } from './channel-mapper.ts'
import { faultOf } from './item-fault.ts'
import { MatchIndex } from './match-index.ts'
import {
  isWireObject,
  parseSequence,
  wireDecimal,
  wireName,
  wireOptionalName,
  wireSequence,
  wireTime,
} from './wire.ts'

/** One element of a `publicTrade.{symbol}` frame's `data`, as documented but not yet checked. */
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
}

/** What the guards of {@link PublicTradeMapper} accept, said by zod. */
export const wireTradeSchema: z.ZodType = z.object({
  T: wireTime,
  s: wireName.optional(),
  S: wireName,
  v: wireDecimal,
  p: wireDecimal,
  L: wireOptionalName.optional(),
  i: wireName,
  BT: z.boolean().optional(),
  RPI: z.boolean().optional(),
  seq: wireSequence.optional(),
})

/** Maps the elements of a trade frame's `data`. */
export class PublicTradeMapper implements ChannelMapper {
  /** Outlives connections: a match that a reconnect cut in two counts on. */
  readonly #matches = new MatchIndex()

  items(data: unknown): readonly unknown[] | null {
    return Array.isArray(data) ? data : null
  }

  map(item: unknown, context: ItemContext): PublicTradeEvent | null {
    if (!isWireObject(item)) return null
    const { T, s, S, v, p, L, i, BT, RPI, seq }: WireTrade = item
    const exchangeTs = parseExchangeTs(T)
    const symbol = s === undefined ? context.topicSymbol : s
    const sequence = seq === undefined ? -1 : parseSequence(seq)
    if (
      exchangeTs === undefined ||
      sequence === undefined ||
      !(symbol === context.topicSymbol || isSymbol(symbol)) ||
      !(S === 'Buy' || S === 'Sell' || isSymbol(S)) ||
      !(typeof p === 'string' && isDecimal(p)) ||
      !(typeof v === 'string' && isDecimal(v)) ||
      !isSymbol(i) ||
      !(L === undefined || L === '' || isSymbol(L)) ||
      !(BT === undefined || typeof BT === 'boolean') ||
      !(RPI === undefined || typeof RPI === 'boolean')
    ) {
      return null
    }
    return {
      channel: 'publicTrade',
      category: context.category,
      symbol,
      exchangeTs,
      localTsUs: context.localTsUs,
      source: 'ws',
      tradeId: i,
      side: S,
      price: p,
      size: v,
      tickDirection: L === undefined || L === '' ? null : L,
      isBlockTrade: BT ?? null,
      isRpiTrade: RPI ?? null,
      seq: sequence,
      matchIndex: this.#matches.next(symbol, sequence, i),
      markPrice: null,
      indexPrice: null,
      markIv: null,
      iv: null,
    }
  }

  explain(item: unknown): ItemFault {
    return faultOf(wireTradeSchema, item, [])
  }

  symbolOf(item: unknown, context: ItemContext): string | null {
    const s = isWireObject(item) ? (item as WireTrade).s : undefined
    if (s === undefined) return context.topicSymbol
    return isSymbol(s) ? s : null
  }

  /** Keeps the match counts: they hold across connections. */
  reset(): void {}
}

/** Public trades: topic `publicTrade.{symbol}`, no snapshot and no history on subscribe. */
export const publicTradeDialect: ChannelDialect = {
  channel: 'publicTrade',
  topicPrefix: 'publicTrade',
  opensWithSnapshot: false,
  createMapper: () => new PublicTradeMapper(),
}
