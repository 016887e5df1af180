import { Random } from '../base/random.ts'
import type { BookState } from '../truth/book-truth.ts'
import { type Instrument, priceText, sizeText } from './instrument.ts'
import type { TradeTape } from './trade-tape.ts'

/** The best bid and ask of one symbol, drawn from its trades and from the seed. */
export class TopOfBook {
  readonly #tape: TradeTape
  readonly #instrument: Instrument
  readonly #random: Random
  #state: BookState

  constructor(tape: TradeTape, seed: string, nowMs: number) {
    const { category, symbol } = tape.instrument
    this.#tape = tape
    this.#instrument = tape.instrument
    this.#random = new Random(`${seed}/book/${category}/${symbol}`)
    // Not from 1: on the exchange, 1 says that the service has restarted.
    const u = 100_000 + this.#random.below(1_000_000)
    this.#state = { exchangeTs: nowMs, cts: nowMs, seq: tape.seq, u, ...this.#draw(null) }
  }

  get state(): BookState {
    return this.#state
  }

  /** Moves on in time; gives whether anything changed. */
  step(nowMs: number): boolean {
    const drawn = this.#draw(this.#state)
    if (
      Object.entries(drawn).every(([key, text]) => this.#state[key as keyof BookState] === text)
    ) {
      return false
    }
    const { u, cts } = this.#state
    this.#state = {
      exchangeTs: nowMs,
      cts: Math.max(cts, nowMs - this.#random.below(4)),
      seq: this.#tape.advance(this.#random),
      u: u + 1,
      ...drawn,
    }
    return true
  }

  #draw(
    before: BookState | null,
  ): Pick<BookState, 'bidPrice' | 'bidSize' | 'askPrice' | 'askSize'> {
    const { tick } = this.#instrument
    const { price, tickDirection } = this.#tape.state
    const isAsk = tickDirection === 'PlusTick' || tickDirection === 'ZeroPlusTick'
    const bid = Math.max(tick, isAsk ? price - tick : price)
    const bidPrice = priceText(this.#instrument, bid)
    const askPrice = priceText(this.#instrument, bid + tick)
    return {
      bidPrice,
      bidSize: this.#sizeText(before?.bidPrice === bidPrice ? before.bidSize : null),
      askPrice,
      askSize: this.#sizeText(before?.askPrice === askPrice ? before.askSize : null),
    }
  }

  /** A level whose price stays keeps its size in four of ten cases. */
  #sizeText(before: string | null): string {
    if (before !== null && !this.#random.chance(0.6)) return before
    return sizeText(this.#instrument, 1 + this.#random.below(9000))
  }
}
