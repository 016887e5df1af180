import { type Category, isSymbol, type JsonObject, type TickerEvent } from '@grid/core-events'
import { z } from 'zod'
import { emptyTicker } from '../../channels/ticker/mutable-ticker.ts'
import { TICKER_READERS } from '../../channels/ticker/ticker-values.ts'
import { isStorableJson, isStorableText } from '../../wire/storable-json.ts'
import { isWireObject } from '../../wire/wire.ts'
import { malformedReply } from '../http/reply.ts'
import type { ListEndpoint } from '../lists/rest-list.ts'

/** Tickers, each row whole; their time is the reply's, and they have no sequence. */
export const TICKERS: ListEndpoint<TickerEvent> = {
  path: '/v5/market/tickers',
  channel: 'ticker',
  schema({ endpoint, exchangeTs, localTsUs }, category) {
    // The time identifies the events.
    if (exchangeTs === null) throw malformedReply(endpoint, 'time', null)
    return tickerSchema(category, exchangeTs, localTsUs)
  },
}

function tickerSchema(
  category: Category,
  exchangeTs: number,
  localTsUs: number,
): z.ZodType<TickerEvent> {
  return z.unknown().transform((row, context) => {
    const refuse = (message: string, ...path: string[]): void =>
      context.addIssue({ code: 'custom', path, message })
    if (!isWireObject(row)) {
      refuse('must be an object')
      return z.NEVER
    }
    const { symbol, ...rest } = row
    if (!isSymbol(symbol)) {
      refuse('must be 1 to 64 characters without blanks, control characters or "|"', 'symbol')
      return z.NEVER
    }
    const ticker = emptyTicker(category, symbol)
    const extra: [string, unknown][] = []
    for (const [key, value] of Object.entries(rest)) {
      const reader = TICKER_READERS.get(key)
      if (reader === undefined) {
        if (!isStorableText(key) || !isStorableJson(value)) {
          refuse('is a key that cannot be stored', key)
        }
        extra.push([key, value])
        continue
      }
      const read = reader.read(value)
      if (read === undefined) refuse('is unreadable', key)
      reader.set(ticker, read ?? null)
      ticker.changed += reader.weight
    }
    ticker.exchangeTs = exchangeTs
    ticker.localTsUs = localTsUs
    ticker.source = 'rest'
    ticker.isSnapshot = true
    // fromEntries rather than assignment, so that a key named __proto__ stays a key.
    if (extra.length > 0) ticker.extra = Object.fromEntries(extra) as JsonObject
    return ticker
  })
}
