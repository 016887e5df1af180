import type { JsonValue } from '@grid/core-events'
import { z } from 'zod'

/**
 * How many matches of a symbol are remembered. Frames may come late or twice: two connections that
 * overlap deliver each of them, at different times.
 */
const REMEMBERED = 16
/**
 * The matches of this many symbols are remembered, of those that traded last, and at most of twice as
 * many: options come and go for ever. A match is over within seconds, so none that goes on is forgotten.
 */
const SYMBOLS = 1024
/** Up to this many ids are searched one by one, which is faster than a map. */
const FEW = 8

/** A match as plain JSON: its sequence and its ids in their order. */
const packedMatch = z.tuple([z.int().min(0)]).rest(z.string())
/** The matches of symbols, oldest first. */
const packedSymbols = z.array(z.tuple([z.string()]).rest(packedMatch))
/** What a {@link MatchIndex} remembers, in its two halves. */
const packedIndex = z.object({ recent: packedSymbols, older: packedSymbols })

type PackedMatch = z.infer<typeof packedMatch>
type PackedSymbols = z.infer<typeof packedSymbols>

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

  pack(): PackedMatch {
    const ids = this.positions === null ? this.ids.slice(0, this.count) : this.positions.keys()
    return [this.seq, ...ids]
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
  /** As many as were needed so far: most options trade seldom. */
  readonly #matches: Match[] = []
  #newest = new Match()
  #oldest = 0

  of(seq: number): Match {
    if (this.#newest.seq === seq) return this.#newest
    for (const match of this.#matches) if (match.seq === seq) return match
    const match = this.#matches[this.#oldest] ?? new Match()
    this.#matches[this.#oldest] = match
    this.#oldest = (this.#oldest + 1) % REMEMBERED
    this.#newest = match
    match.restart(seq)
    return match
  }

  pack(): PackedMatch[] {
    const matches = this.#matches
    const inOrder = [...matches.slice(this.#oldest), ...matches.slice(0, this.#oldest)]
    return inOrder.map((match) => match.pack())
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
  #matches = new Map<string, RecentMatches>()
  /** What was remembered before the newest symbols filled `#matches`. */
  #older = new Map<string, RecentMatches>()
  /** The matches of the symbol that was asked for last, which is nearly always asked for next. */
  #symbol: string | null = null
  #recent = new RecentMatches()

  /** Of how many symbols matches are remembered. */
  get symbols(): number {
    return this.#matches.size + this.#older.size
  }

  /** The trade's position from 0; −1 if the sequence is unknown (−1). */
  next(symbol: string, seq: number, tradeId: string): number {
    if (seq < 0) return -1
    if (symbol !== this.#symbol) this.#turnTo(symbol)
    return this.#recent.of(seq).positionOf(tradeId)
  }

  /** Everything that is remembered, as plain JSON. */
  checkpoint(): JsonValue {
    return {
      recent: packSymbols(this.#matches),
      older: packSymbols(this.#older),
    }
  }

  /** Puts back, into a new index, what `checkpoint` gave; throws for anything else. */
  restore(packed: JsonValue): void {
    const { recent, older } = packedIndex.parse(packed)
    this.#matches = unpackSymbols(recent)
    this.#older = unpackSymbols(older)
    this.#symbol = null
  }

  #turnTo(symbol: string): void {
    let recent = this.#matches.get(symbol)
    if (recent === undefined) {
      recent = this.#older.get(symbol) ?? new RecentMatches()
      if (this.#matches.size >= SYMBOLS) {
        this.#older = this.#matches
        this.#matches = new Map()
      }
      this.#matches.set(symbol, recent)
    }
    this.#symbol = symbol
    this.#recent = recent
  }
}

function packSymbols(matches: ReadonlyMap<string, RecentMatches>): PackedSymbols {
  return [...matches].map(([symbol, recent]) => [symbol, ...recent.pack()])
}

function unpackSymbols(packed: PackedSymbols): Map<string, RecentMatches> {
  return new Map(
    packed.map(([symbol, ...matches]) => {
      const recent = new RecentMatches()
      for (const [seq, ...ids] of matches) for (const id of ids) recent.of(seq).positionOf(id)
      return [symbol, recent]
    }),
  )
}
