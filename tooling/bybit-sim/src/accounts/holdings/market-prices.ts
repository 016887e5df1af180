import { type Fixed, fixedOf, ONE, ZERO } from '../../base/fixed.ts'
import type { Desk } from '../../market/desk.ts'
import { priceText } from '../../market/instrument.ts'
import type { Market } from '../../market.ts'
import type { Prices } from '../private/wallet-row.ts'

const DOLLARS = ['USDT', 'USDC', 'USD', 'USDE']

/** Prices of the market's last trades: of contracts, and of coins where they trade against USDT. */
export class MarketPrices implements Prices {
  readonly #market: Market

  constructor(market: Market) {
    this.#market = market
  }

  mark(desk: Desk): Fixed {
    return fixedOf(priceText(desk.instrument, desk.tape.state.price))
  }

  usd(coin: string): Fixed {
    if (DOLLARS.includes(coin)) return ONE
    const desk =
      this.#market.find('linear', `${coin}USDT`) ??
      this.#market.find('spot', `${coin}USDT`) ??
      this.#market.find('inverse', `${coin}USD`)
    return desk === undefined ? ZERO : this.mark(desk)
  }
}
