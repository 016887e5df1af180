import type { Decimal } from '@grid/core-events'
import { z } from 'zod'
import type { ListEndpoint } from '../lists/rest-list.ts'
import { rowDecimal, rowTime } from './row-values.ts'

/** The lengths of candles: minutes, or a day, a week, a month. */
export type KlineInterval =
  | '1'
  | '3'
  | '5'
  | '15'
  | '30'
  | '60'
  | '120'
  | '240'
  | '360'
  | '720'
  | 'D'
  | 'W'
  | 'M'

/** One candle; the newest may not be closed yet. */
export interface Kline {
  /** Start in epoch milliseconds. */
  readonly startTs: number
  readonly open: Decimal
  readonly high: Decimal
  readonly low: Decimal
  readonly close: Decimal
  /** Linear and spot: base quantity; inverse: USD. */
  readonly volume: Decimal
  /** Linear and spot: quote quantity; inverse: base. */
  readonly turnover: Decimal
}

const klineSchema: z.ZodType<Kline> = z
  .tuple([rowTime, rowDecimal, rowDecimal, rowDecimal, rowDecimal, rowDecimal, rowDecimal])
  // The exchange may add columns.
  .rest(z.unknown())
  .transform(([startTs, open, high, low, close, volume, turnover]) => ({
    startTs,
    open,
    high,
    low,
    close,
    volume,
    turnover,
  }))

/** Candles, newest first. */
export const KLINE: ListEndpoint<Kline> = {
  path: '/v5/market/kline',
  channel: null,
  schema: () => klineSchema,
}
