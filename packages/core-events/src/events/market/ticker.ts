import { z } from 'zod'
import { type JsonObject, jsonObjectSchema } from '../../values/json.ts'
import type { EventBase } from '../channel.ts'
import { eventBaseShape, sequenceSchema } from '../event-schema.ts'
import { changedFields, type TickerValues, tickerValueShape } from './ticker-fields.ts'

/**
 * The state of one instrument's ticker after a message (topic `tickers.{symbol}`, for spot also
 * `orderbook.1.{symbol}`; REST `/v5/market/tickers`).
 *
 * It merges the last snapshot with every delta since. A field is null when the exchange has not sent it
 * yet, or sent "not applicable". Only the fields that `changed` names are from this message; the others
 * are carried over from earlier ones.
 */
export interface TickerEvent extends EventBase, TickerValues {
  readonly channel: 'ticker'
  /**
   * Cross sequence: `cs`, for a spot book `seq`, for options the counter in the frame's id. −1 when
   * unknown, 0 for REST.
   */
  readonly seq: number
  /** Whether the message was a snapshot (true) or a delta (false). */
  readonly isSnapshot: boolean
  /** Bitmask of the fields that this message carried; read it with `changedFields`. */
  readonly changed: number
  /** Keys of this message that this version does not know, as sent; null when there are none. */
  readonly extra: JsonObject | null
}

/** Validates a {@link TickerEvent}; unknown keys are refused. */
export const tickerEventSchema: z.ZodType<TickerEvent> = z.strictObject({
  channel: z.literal('ticker'),
  ...eventBaseShape,
  ...tickerValueShape,
  seq: sequenceSchema,
  isSnapshot: z.boolean(),
  changed: z.int().min(0),
  extra: jsonObjectSchema.nullable(),
})

/**
 * The identity of a ticker event: category, symbol, exchange time, cross sequence and kind.
 *
 * @example
 * tickerKey(ticker) // 'ticker|linear|BTCUSDT|1760000000101|190000000001|delta'
 */
export function tickerKey(event: TickerEvent): string {
  const kind = event.isSnapshot ? 'snapshot' : 'delta'
  return `ticker|${event.category}|${event.symbol}|${event.exchangeTs}|${event.seq}|${kind}`
}

/**
 * Makes one state of two events of a ticker: the later of them by its order, with `changed` and `extra`
 * of both. Of an event that arrived late, the values count that the other one did not carry.
 *
 * @param known the event that arrived first
 * @param arrived the event that arrived after it
 * @example
 * mergeTickers(first, second).changed // the fields of both
 */
export function mergeTickers(known: TickerEvent, arrived: TickerEvent): TickerEvent {
  const changed = Number(BigInt(known.changed) | BigInt(arrived.changed))
  const isLate =
    arrived.exchangeTs < known.exchangeTs ||
    (arrived.exchangeTs === known.exchangeTs && arrived.seq < known.seq)
  if (!isLate) return { ...arrived, changed, extra: joined(known.extra, arrived.extra) }
  const newer = new Set(changedFields(known.changed))
  const names = changedFields(arrived.changed).filter((name) => !newer.has(name))
  const values = Object.fromEntries(names.map((name) => [name, arrived[name]]))
  return { ...known, ...values, changed, extra: joined(arrived.extra, known.extra) }
}

function joined(older: JsonObject | null, newer: JsonObject | null): JsonObject | null {
  return older === null || newer === null ? (newer ?? older) : { ...older, ...newer }
}
