import { believableTs, type WalletEvent } from '@grid/core-events'
import { isZero } from './is-zero.ts'

/** The kind of account that the wallet is read of. */
const ACCOUNT_TYPE = 'UNIFIED'
/** What makes a coin one that a wallet lists: what is there, and what is owed. */
const AMOUNTS = ['equity', 'walletBalance', 'locked', 'borrowAmount', 'spotBorrow'] as const

/** A coin's newest state. */
interface CoinState {
  readonly ts: number
  readonly isHeld: boolean
}

/** Remembers of which coins an account has something: a wallet lists no coin of which there is nothing. */
export class HeldCoins {
  readonly #coins = new Map<string, CoinState>()

  /** Remembers a state of a coin, unless a newer one is known. */
  note(event: WalletEvent): void {
    const { accountType, coin } = event
    const ts = believableTs(event)
    if (coin === '' || accountType !== ACCOUNT_TYPE) return
    if ((this.#coins.get(coin)?.ts ?? 0) > ts) return
    this.#coins.set(coin, { ts, isHeld: AMOUNTS.some((name) => !isZero(event[name])) })
  }

  /** The coins of which there was something and which a wallet does not list. */
  absent(listed: readonly WalletEvent[]): string[] {
    const names = new Set(listed.map(({ coin }) => coin))
    return [...this.#coins].filter(([coin, { isHeld }]) => isHeld && !names.has(coin)).map(nameOf)
  }
}

function nameOf([coin]: readonly [string, unknown]): string {
  return coin
}
