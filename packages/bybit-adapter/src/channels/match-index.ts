/** The trades of a symbol's newest match: their ids, each with its position. */
interface Match {
  seq: number
  readonly positions: Map<string, number>
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
    let match = this.#matches.get(symbol)
    if (match === undefined) {
      match = { seq, positions: new Map() }
      this.#matches.set(symbol, match)
    } else if (match.seq !== seq) {
      match.seq = seq
      match.positions.clear()
    }
    const known = match.positions.get(tradeId)
    if (known !== undefined) return known
    const position = match.positions.size
    match.positions.set(tradeId, position)
    return position
  }
}
