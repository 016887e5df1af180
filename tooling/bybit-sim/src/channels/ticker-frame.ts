import type { Category } from '@grid/core-events'
import type { TickerMessage } from '../truth/ticker-truth.ts'

/** A `tickers` frame in the key order of its category. */
export function tickerFrameText(category: Category, topic: string, message: TickerMessage): string {
  const { exchangeTs: ts, seq } = message
  const type = message.isSnapshot ? 'snapshot' : 'delta'
  let data = `"symbol":"${message.symbol}"`
  for (const key of message.sentKeys) data += `,"${key}":"${message.values[key]}"`
  switch (category) {
    case 'spot':
      return `{"topic":"${topic}","ts":${ts},"type":"${type}","cs":${seq},"data":{${data}}}`
    case 'option':
      return `{"id":"${topic}-${seq}-${ts}","topic":"${topic}","ts":${ts},"data":{${data}},"type":"${type}"}`
    default:
      return `{"topic":"${topic}","type":"${type}","data":{${data}},"cs":${seq},"ts":${ts}}`
  }
}
