/** The trades of a symbol's newest match: their ids, each with its position. */
interface Match {
  seq: number
  /** The only trade's id: most matches have no second, and then no map is needed. */
  first: string
  positions: Map<string, number> | null
}

/**
 * Counts the position of each trade within its match, that is within one (symbol, seq).
 *
 * A large match spills over several frames, so the count goes on from frame to frame. A trade that
 * is delivered twice keeps its position: a repeated frame must not move the trades that follow.
 *
 * @example
 * const matches = new MatchIndex()
 * matches.next('BTCUSDT', 7, 'a') // 0
 * matches.next('BTCUSDT', 7, 'b') // 1
 */
export class MatchIndex {
  readonly #matches = new Map<string, Match>()

  /** The trade's position from 0; −1 when the sequence is unknown (−1). */
  next(symbol: string, seq: number, tradeId: string): number {
    if (seq < 0) return -1
    const match = this.#matches.get(symbol)
    if (match === undefined) {
      this.#matches.set(symbol, { seq, first: tradeId, positions: null })
      return 0
    }
    if (match.seq !== seq) {
      match.seq = seq
      match.first = tradeId
      match.positions = null
      return 0
    }
    if (match.first === tradeId) return 0
    match.positions ??= new Map([[match.first, 0]])
    const next = match.positions.size
    const known = match.positions.get(tradeId)
    if (known !== undefined) return known
    match.positions.set(tradeId, next)
    return next
  }
}
