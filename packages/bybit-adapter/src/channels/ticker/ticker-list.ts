import type { TickerEvent } from '@grid/core-events'

/**
 * A ticker's values, each at the bit of its field. Spelled out: that takes a tenth of the time of looking
 * each one up by its name.
 */
export function tickerValues(ticker: TickerEvent): (string | number | null)[] {
  return [
    ticker.tickDirection,
    ticker.lastPrice,
    ticker.price24hPcnt,
    ticker.prevPrice24h,
    ticker.highPrice24h,
    ticker.lowPrice24h,
    ticker.prevPrice1h,
    ticker.markPrice,
    ticker.indexPrice,
    ticker.openInterest,
    ticker.openInterestValue,
    ticker.singleOpenInterest,
    ticker.singleOpenInterestValue,
    ticker.turnover24h,
    ticker.volume24h,
    ticker.bid1Price,
    ticker.bid1Size,
    ticker.ask1Price,
    ticker.ask1Size,
    ticker.nextFundingTime,
    ticker.fundingRate,
    ticker.fundingIntervalHour,
    ticker.fundingCap,
    ticker.deliveryTime,
    ticker.basisRate,
    ticker.basisRateYear,
    ticker.deliveryFeeRate,
    ticker.predictedDeliveryPrice,
    ticker.basis,
    ticker.preOpenPrice,
    ticker.preQty,
    ticker.curPreListingPhase,
    ticker.usdIndexPrice,
    ticker.bid1Iv,
    ticker.ask1Iv,
    ticker.markIv,
    ticker.underlyingPrice,
    ticker.totalVolume,
    ticker.totalTurnover,
    ticker.delta,
    ticker.gamma,
    ticker.vega,
    ticker.theta,
    ticker.change24h,
  ]
}
