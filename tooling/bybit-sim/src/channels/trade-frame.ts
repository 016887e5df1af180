import type { Category } from '@grid/core-events'
import type { OptionMarks, TradeColumns } from '../truth/trade-truth.ts'

/** The most trades that the exchange puts into one frame. */
export const MAX_TRADES_PER_FRAME = 1024

/** A `publicTrade` frame in the key order of its category. */
export function tradeFrameText(
  category: Category,
  topic: string,
  ts: number,
  trades: readonly TradeColumns[],
  option: OptionMarks | null,
): string {
  const item = ITEMS[category]
  let items = ''
  for (const trade of trades)
    items += items === '' ? item(trade, option) : `,${item(trade, option)}`
  switch (category) {
    case 'spot':
      return `{"topic":"${topic}","ts":${ts},"type":"snapshot","data":[${items}]}`
    case 'option': {
      const id = `${topic}-${trades.at(-1)?.seq ?? 0}-${ts}`
      return `{"id":"${id}","topic":"${topic}","ts":${ts},"data":[${items}],"type":"snapshot"}`
    }
    default:
      return `{"topic":"${topic}","type":"snapshot","ts":${ts},"data":[${items}]}`
  }
}

const ITEMS: {
  readonly [Name in Category]: (trade: TradeColumns, option: OptionMarks | null) => string
} = {
  linear: contractItem,
  inverse: contractItem,
  spot: (t) =>
    `{"i":"${t.tradeId}","T":${t.exchangeTs},"p":"${t.price}","v":"${t.size}","S":"${t.side}","seq":${t.seq},"s":"${t.symbol}","BT":${t.isBlockTrade},"RPI":${t.isRpiTrade}}`,
  option: (t, option) =>
    `{"p":"${t.price}","v":"${t.size}","i":"${t.tradeId}","T":${t.exchangeTs},"BT":${t.isBlockTrade},"s":"${t.symbol}","S":"${t.side}",${marks(option)}"seq":${t.seq}}`,
}

function contractItem(t: TradeColumns): string {
  const head = `{"T":${t.exchangeTs},"s":"${t.symbol}","S":"${t.side}","v":"${t.size}","p":"${t.price}"`
  return `${head},"L":"${t.tickDirection}","i":"${t.tradeId}","BT":${t.isBlockTrade},"RPI":${t.isRpiTrade},"seq":${t.seq}}`
}

function marks(option: OptionMarks | null): string {
  if (option === null) return ''
  return `"mP":"${option.markPrice}","iP":"${option.indexPrice}","mIv":"${option.markIv}","iv":"${option.iv}",`
}
