import type { Category } from '@grid/core-events'
import type { BookState } from '../truth/book-truth.ts'

/** An `orderbook.1` frame: always a snapshot, with one level on each side. */
export function bookFrameText(
  category: Category,
  symbol: string,
  ts: number,
  state: BookState,
): string {
  const sides = `"b":[["${state.bidPrice}","${state.bidSize}"]],"a":[["${state.askPrice}","${state.askSize}"]]`
  const data = `{"s":"${symbol}",${sides},"u":${state.u},"seq":${state.seq}}`
  const head = category === 'spot' ? `"ts":${ts},"type":"snapshot"` : `"type":"snapshot","ts":${ts}`
  return `{"topic":"orderbook.1.${symbol}",${head},"data":${data},"cts":${state.cts}}`
}
