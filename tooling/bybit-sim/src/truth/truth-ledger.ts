import type { Category } from '@grid/core-events'
import { TradeDigest } from './trade-digest.ts'
import type { TradeTruth } from './trade-truth.ts'
import {
  byList,
  type ChannelTruth,
  type RawTruth,
  type SymbolTotals,
  TRUTH_KINDS,
  type Truth,
  type TruthKind,
  type TruthLists,
  type TruthMode,
} from './truth.ts'

interface SymbolSums {
  readonly category: Category
  readonly symbol: string
  readonly counts: { readonly [Kind in TruthKind]: { produced: number; sent: number } }
  readonly sentTrades: TradeDigest
}

/** Keeps the truth: every item, or in digest mode only the sums of each symbol. */
export class TruthLedger {
  readonly mode: TruthMode
  readonly #items: ReadonlyMap<TruthKind, ChannelTruth[]> = new Map(
    TRUTH_KINDS.map((kind) => [kind, []]),
  )
  readonly #raws: RawTruth[] = []
  readonly #sums = new Map<string, SymbolSums>()

  constructor(mode: TruthMode) {
    this.mode = mode
  }

  /** Every trade so far in the order of production; empty in digest mode. */
  get trades(): readonly TradeTruth[] {
    return this.#list('trade')
  }

  /** Records an item. It counts as sent if its frame has been written to a connection by now. */
  add(item: ChannelTruth): void {
    const sums = this.#sumsOf(item.category, item.symbol)
    sums.counts[item.kind].produced++
    if (item.sentTo.length > 0) countSent(sums, item)
    if (this.mode === 'full') this.#list(item.kind).push(item)
  }

  /** Counts an item as sent that was recorded before its first write. */
  noteSent(item: ChannelTruth): void {
    countSent(this.#sumsOf(item.category, item.symbol), item)
  }

  /** Records a frame whose text a caller gave. */
  addRaw(raw: RawTruth): void {
    if (this.mode === 'full') this.#raws.push(raw)
  }

  /** Gives a symbol its line of sums, with zeros, before anything is produced. */
  open(category: Category, symbol: string): void {
    this.#sumsOf(category, symbol)
  }

  /** The sums of each symbol; cheap. */
  totals(): SymbolTotals[] {
    return [...this.#sums.values()].map(({ category, symbol, counts, sentTrades }) => ({
      kind: 'symbol',
      category,
      symbol,
      ...byList((kind) => ({ ...counts[kind] })),
      trades: { ...counts.trade, digest: sentTrades.value },
    }))
  }

  /** The truth so far; the lists do not grow later. */
  truth(): Truth {
    return {
      mode: this.mode,
      // Sound: every list holds only items of its kind.
      ...(byList((kind) => this.#list(kind).slice()) as TruthLists),
      raws: this.#raws.slice(),
      symbols: this.totals(),
    }
  }

  #list<Kind extends TruthKind>(kind: Kind): Extract<ChannelTruth, { kind: Kind }>[] {
    // Sound: `add` sorts items by their kind, and the map has a list for each.
    return this.#items.get(kind) as Extract<ChannelTruth, { kind: Kind }>[]
  }

  #sumsOf(category: Category, symbol: string): SymbolSums {
    const key = `${category} ${symbol}`
    let sums = this.#sums.get(key)
    if (sums === undefined) {
      const zeros = TRUTH_KINDS.map((kind) => [kind, { produced: 0, sent: 0 }])
      const counts = Object.fromEntries(zeros) as SymbolSums['counts']
      sums = { category, symbol, counts, sentTrades: new TradeDigest() }
      this.#sums.set(key, sums)
    }
    return sums
  }
}

function countSent({ counts, sentTrades }: SymbolSums, item: ChannelTruth): void {
  counts[item.kind].sent++
  if (item.kind === 'trade') sentTrades.add(item)
}
