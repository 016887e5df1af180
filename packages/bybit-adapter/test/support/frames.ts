/** A trade as the exchange writes it; a field given as undefined is left out. */
export function wireTrade(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    T: 1760000000101,
    s: 'BTCUSDT',
    S: 'Buy',
    v: '0.003',
    p: '100000.10',
    L: 'PlusTick',
    i: '6f1d2a3b-0c4d-5e6f-8a9b-0c1d2e3f4a5b',
    BT: false,
    RPI: false,
    seq: 190000000001,
    ...fields,
  }
}

/** The text of a trade frame. */
export function tradeFrame(items: readonly unknown[], symbol = 'BTCUSDT'): string {
  const topic = `publicTrade.${symbol}`
  return JSON.stringify({ topic, type: 'snapshot', ts: 1760000000105, data: items })
}

/** What a ticker frame may say apart from its data. */
export interface TickerEnvelope {
  readonly type?: unknown
  readonly cs?: unknown
  readonly ts?: unknown
  readonly symbol?: string
}

/** The text of a ticker frame, a delta unless told otherwise. */
export function tickerFrame(data: Record<string, unknown>, envelope: TickerEnvelope = {}): string {
  const { symbol = 'BTCUSDT', ...rest } = envelope
  return JSON.stringify({
    topic: `tickers.${symbol}`,
    type: 'delta',
    data: { symbol, ...data },
    cs: 190000000044,
    ts: 1760000000200,
    ...rest,
  })
}

/** A ticker snapshot that precedes every delta. */
export function snapshotFrame(data: Record<string, unknown> = {}, symbol = 'BTCUSDT'): string {
  return tickerFrame(data, { type: 'snapshot', cs: 1, ts: 1546300800000, symbol })
}
