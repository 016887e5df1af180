/**
 * How many matches of a symbol are remembered. Frames may come late or twice: two connections that
 * overlap deliver each of them, at different times.
 */
const REMEMBERED = 16
/** Up to this many ids are searched one by one, which is faster than a map. */
const FEW = 8

/** The trades of one match; reused for another match, to save allocations. */
class Match {
  seq = -1
  count = 0
  /** The first few ids, each at its position; entries from `count` on are left over from another match. */
  readonly ids: string[] = []
  /** All ids, once there are many. */
  positions: Map<string, number> | null = null

  restart(seq: number): void {
    this.seq = seq
    this.count = 0
    this.positions = null
  }

  positionOf(tradeId: string): number {
    if (this.positions === null) {
      for (let index = 0; index < this.count; index++) {
        if (this.ids[index] === tradeId) return index
      }
      if (this.count < FEW) {
        this.ids[this.count] = tradeId
        return this.count++
      }
      this.positions = new Map(this.ids.map((id, index) => [id, index]))
    }
    const known = this.positions.get(tradeId)
    if (known !== undefined) return known
    this.positions.set(tradeId, this.positions.size)
    return this.positions.size - 1
  }
}

/** The last few matches of one symbol. */
class RecentMatches {
  readonly #matches = Array.from({ length: REMEMBERED }, () => new Match())
  #newest = new Match()
  #oldest = 0

  of(seq: number): Match {
    if (this.#newest.seq === seq) return this.#newest
    for (const match of this.#matches) if (match.seq === seq) return match
    const match = this.#matches[this.#oldest] ?? this.#newest
    this.#oldest = (this.#oldest + 1) % REMEMBERED
    this.#newest = match
    match.restart(seq)
    return match
  }
}

/**
 * Counts the position of each trade within its match, that is within one (symbol, seq).
 *
 * A large match is spread over several frames, so the count goes on from frame to frame. A trade that
 * is delivered twice keeps its position, and a repeated or late frame of a recent match changes no
 * other trade's position.
 *
 * @example
 * const matches = new MatchIndex()
 * matches.next('BTCUSDT', 7, 'a') // 0
 * matches.next('BTCUSDT', 7, 'b') // 1
 */
export class MatchIndex {
  readonly #matches = new Map<string, RecentMatches>()
  /** The matches of the symbol that was asked for last, which is nearly always asked for next. */
  #symbol: string | null = null
  #recent = new RecentMatches()

  /** The trade's position from 0; −1 if the sequence is unknown (−1). */
  next(symbol: string, seq: number, tradeId: string): number {
    if (seq < 0) return -1
    if (symbol !== this.#symbol) this.#turnTo(symbol)
    return this.#recent.of(seq).positionOf(tradeId)
  }

  #turnTo(symbol: string): void {
    let recent = this.#matches.get(symbol)
    if (recent === undefined) {
      recent = new RecentMatches()
      this.#matches.set(symbol, recent)
    }
    this.#symbol = symbol
    this.#recent = recent
  }
}
