import type { TickerMessage } from './ticker-board.ts'
import type { TradeColumns } from './truth.ts'

/** The most trades that the exchange puts in one frame. */
export const MAX_TRADES_PER_FRAME = 1024

/** A `publicTrade` frame of linear contracts, in the wire's key order. */
export function tradeFrameText(topic: string, ts: number, trades: readonly TradeColumns[]): string {
  let items = ''
  for (const t of trades) {
    const head = `{"T":${t.exchangeTs},"s":"${t.symbol}","S":"${t.side}","v":"${t.size}","p":"${t.price}"`
    const tail = `"L":"${t.tickDirection}","i":"${t.tradeId}","BT":${t.isBlockTrade},"RPI":${t.isRpiTrade},"seq":${t.seq}}`
    items += items === '' ? `${head},${tail}` : `,${head},${tail}`
  }
  return `{"topic":"${topic}","type":"snapshot","ts":${ts},"data":[${items}]}`
}

/** A `tickers` frame of linear contracts, in the wire's key order. */
export function tickerFrameText(topic: string, message: TickerMessage): string {
  const type = message.isSnapshot ? 'snapshot' : 'delta'
  let data = `"symbol":"${message.symbol}"`
  for (const key of message.sentKeys) data += `,"${key}":"${message.values[key]}"`
  return `{"topic":"${topic}","type":"${type}","data":{${data}},"cs":${message.seq},"ts":${message.exchangeTs}}`
}
