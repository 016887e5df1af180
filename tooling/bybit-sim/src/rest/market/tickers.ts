import type { Desk } from '../../market/desk.ts'
import type { RestScene } from '../request/endpoint.ts'
import type { Query } from '../request/query.ts'
import { badParameter } from '../request/refusal.ts'

/** `GET /v5/market/tickers`: one listed instrument, or all of a category. */
export function tickers(query: Query, { market }: RestScene): object {
  const category = query.category()
  const one = query.desk(market, category)
  const baseCoin = query.text('baseCoin')
  const expDate = query.text('expDate')
  if (category === 'option' && one === undefined && baseCoin === '') {
    throw badParameter('params error: symbol or baseCoin is required')
  }
  const row = ROWS[category]
  const list = (one === undefined ? market.desks(category) : [one])
    .filter((desk) => desk.listing.isListed)
    .filter(({ instrument }) => baseCoin === '' || instrument.baseCoin === baseCoin)
    .filter(({ instrument }) => expDate === '' || instrument.symbol.includes(`-${expDate}-`))
    .map(row)
  if (one !== undefined && list.length === 0) throw badParameter('Not supported symbols')
  return { category, list }
}

const ROWS = { linear: contractRow, inverse: contractRow, spot: spotRow, option: optionRow }

function contractRow({ instrument, ticker, book }: Desk): object {
  const { values } = ticker
  const { deliveryTime } = instrument
  const { bidPrice, bidSize, askPrice, askSize } = book.state
  return {
    symbol: instrument.symbol,
    lastPrice: values['lastPrice'],
    indexPrice: values['indexPrice'],
    markPrice: values['markPrice'],
    prevPrice24h: values['prevPrice24h'],
    price24hPcnt: values['price24hPcnt'],
    highPrice24h: values['highPrice24h'],
    lowPrice24h: values['lowPrice24h'],
    prevPrice1h: values['prevPrice1h'],
    openInterest: values['openInterest'],
    openInterestValue: values['openInterestValue'],
    singleOpenInterest: values['singleOpenInterest'],
    singleOpenInterestValue: values['singleOpenInterestValue'],
    turnover24h: values['turnover24h'],
    volume24h: values['volume24h'],
    fundingRate: values['fundingRate'],
    // REST writes a zero for what is empty on the socket.
    nextFundingTime: values['nextFundingTime'] || '0',
    predictedDeliveryPrice: values['predictedDeliveryPrice'] ?? '',
    basisRate: values['basisRate'] ?? '',
    deliveryFeeRate: values['deliveryFeeRate'] ?? '',
    // Milliseconds; the socket writes ISO 8601.
    deliveryTime: String(deliveryTime ?? 0),
    ask1Size: askSize,
    bid1Price: bidPrice,
    ask1Price: askPrice,
    bid1Size: bidSize,
    basis: values['basis'] ?? '',
    preOpenPrice: values['preOpenPrice'] ?? '',
    preQty: values['preQty'] ?? '',
    curPreListingPhase: values['curPreListingPhase'] ?? '',
    fundingIntervalHour: values['fundingIntervalHour'] ?? '',
    basisRateYear: values['basisRateYear'] ?? '',
    fundingCap: values['fundingCap'] ?? '',
  }
}

function spotRow({ instrument, ticker, book }: Desk): object {
  const { values } = ticker
  const { bidPrice, bidSize, askPrice, askSize } = book.state
  return {
    symbol: instrument.symbol,
    bid1Price: bidPrice,
    bid1Size: bidSize,
    ask1Price: askPrice,
    ask1Size: askSize,
    lastPrice: values['lastPrice'],
    prevPrice24h: values['prevPrice24h'],
    price24hPcnt: values['price24hPcnt'],
    highPrice24h: values['highPrice24h'],
    lowPrice24h: values['lowPrice24h'],
    turnover24h: values['turnover24h'],
    volume24h: values['volume24h'],
    usdIndexPrice: values['usdIndexPrice'],
  }
}

/** REST's names of keys that have another name on the socket. */
const OPTION_NAMES: { readonly [key: string]: string } = {
  bidPrice: 'bid1Price',
  bidSize: 'bid1Size',
  bidIv: 'bid1Iv',
  askPrice: 'ask1Price',
  askSize: 'ask1Size',
  askIv: 'ask1Iv',
  markPriceIv: 'markIv',
}

function optionRow({ instrument, ticker }: Desk): object {
  const values = Object.entries(ticker.values)
  const renamed = values.map(([key, text]) => [OPTION_NAMES[key] ?? key, text])
  return { symbol: instrument.symbol, ...Object.fromEntries(renamed) }
}
