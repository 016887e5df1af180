import { type Fixed, ZERO } from '../../base/fixed.ts'

/** An account's balance of one coin. */
export class CoinBalance {
  readonly coin: string
  balance: Fixed
  cumRealised: Fixed = ZERO

  constructor(coin: string, balance: Fixed) {
    this.coin = coin
    this.balance = balance
  }
}
