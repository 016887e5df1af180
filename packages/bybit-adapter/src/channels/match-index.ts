/** How many matches of a symbol are remembered: frames may come late, or again. */
const REMEMBERED = 4

/** The trades of one match: their ids, each with its position. */
interface Match {
  readonly seq: number
  /** The only trade's id: most matches have no second, and then no map is needed. */
  readonly first: string
  positions: Map<string, number> | null
}

/**
 * Counts the position of each trade within its match, that is within one (symbol, seq).
 *
 * A large match spills over several frames, so the count goes on from frame to frame. A trade that
 * is delivered twice keeps its position, and a repeated or late frame of one of the last few matches
 * moves no trade of another.
 *
 * @example
 * const matches = new MatchIndex()
 * matches.next('BTCUSDT', 7, 'a') // 0
 * matches.next('BTCUSDT', 7, 'b') // 1
 */
export class MatchIndex {
  /** The last few matches of each symbol, newest last. */
  readonly #matches = new Map<string, Match[]>()

  /** The trade's position from 0; −1 when the sequence is unknown (−1). */
  next(symbol: string, seq: number, tradeId: string): number {
    if (seq < 0) return -1
    let matches = this.#matches.get(symbol)
    if (matches === undefined) {
      matches = []
      this.#matches.set(symbol, matches)
    }
    const match = findLast(matches, seq)
    if (match === undefined) {
      if (matches.length === REMEMBERED) matches.shift()
      matches.push({ seq, first: tradeId, positions: null })
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

function findLast(matches: readonly Match[], seq: number): Match | undefined {
  for (let index = matches.length - 1; index >= 0; index--) {
    const match = matches[index]
    if (match?.seq === seq) return match
  }
  return undefined
}
