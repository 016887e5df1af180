import { type Fixed, fixedOf, ONE, ZERO } from '../../base/fixed.ts'
import type { Desk } from '../../market/desk.ts'
import { priceText } from '../../market/instrument.ts'
import type { Market } from '../../market/market.ts'

const DOLLARS = ['USDT', 'USDC', 'USD', 'USDE']

/** Values positions and wallets at the prices of the market's last trades. */
export class MarketPrices {
  readonly #market: Market

  constructor(market: Market) {
    this.#market = market
  }

  /** The price that positions in an instrument are valued at. */
  mark(desk: Desk): Fixed {
    return fixedOf(priceText(desk.instrument, desk.tape.state.price))
  }

  /** A coin's price in US dollars, by its trades against USDT or USD; zero when it has none. */
  usd(coin: string): Fixed {
    if (DOLLARS.includes(coin)) return ONE
    const desk =
      this.#market.find('linear', `${coin}USDT`) ??
      this.#market.find('spot', `${coin}USDT`) ??
      this.#market.find('inverse', `${coin}USD`)
    return desk === undefined ? ZERO : this.mark(desk)
  }
}
