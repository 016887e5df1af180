import {
  believableTs,
  type Decimal,
  POSITION_VALUES,
  type PositionEvent,
  positionContentHash,
} from '@grid/core-events'
import { isZero } from './is-zero.ts'

/** A list may lack a change of a leg that happened less than this before the list. */
const SETTLE_MS = 1000

/** How many legs are remembered that are flat, so that a late state does not open them again. */
const MOST_FLAT = 10_000

/** When a list was made. */
type ListStamp = Pick<PositionEvent, 'exchangeTs' | 'localTsUs'>

/** Remembers which legs of an account are open, and finds those that a list leaves out. */
export class LegBook {
  /** The legs that are open. */
  readonly #legs = new Map<string, PositionEvent>()
  /** When legs became flat, in epoch milliseconds; the one that did so first is the first. */
  readonly #flat = new Map<string, number>()

  /** Remembers a state of a leg, unless a newer one is known. */
  note(leg: PositionEvent): void {
    const key = keyOf(leg)
    const known = this.#legs.get(key)
    const knownTs = known === undefined ? this.#flat.get(key) : believableTs(known)
    if (knownTs !== undefined && knownTs > believableTs(leg)) return
    this.#legs.delete(key)
    this.#flat.delete(key)
    if (isFlat(leg)) this.#noteFlat(key, believableTs(leg))
    else this.#legs.set(key, leg)
  }

  /**
   * The legs that were open and are absent from a whole list of a category's open legs, as flat
   * states: that they are flat is all that the list says about them.
   */
  absent(
    category: PositionEvent['category'],
    listed: readonly PositionEvent[],
    { exchangeTs, localTsUs }: ListStamp,
  ): PositionEvent[] {
    const listedTs = believableTs({ exchangeTs, localTsUs })
    return this.#unlisted(category, listed)
      .filter((leg) => believableTs(leg) < listedTs - SETTLE_MS)
      .map((leg) => flat({ ...leg, exchangeTs, localTsUs }))
  }

  /**
   * False when a leg is absent that changed too shortly before the list to be listed; always true of a
   * list without a time.
   */
  isSettled(
    category: PositionEvent['category'],
    listed: readonly PositionEvent[],
    stamp: ListStamp,
  ): boolean {
    const listedTs = believableTs(stamp)
    const isYoung = (leg: PositionEvent): boolean => believableTs(leg) >= listedTs - SETTLE_MS
    return listedTs === 0 || !this.#unlisted(category, listed).some(isYoung)
  }

  #noteFlat(key: string, exchangeTs: number): void {
    this.#flat.set(key, exchangeTs)
    if (this.#flat.size <= MOST_FLAT) return
    const [oldest = ''] = this.#flat.keys()
    this.#flat.delete(oldest)
  }

  #unlisted(
    category: PositionEvent['category'],
    listed: readonly PositionEvent[],
  ): PositionEvent[] {
    const keys = new Set(listed.map(keyOf))
    return [...this.#legs.values()].filter(
      (leg) => leg.category === category && !keys.has(keyOf(leg)),
    )
  }
}

function keyOf({ category, symbol, positionIdx }: PositionEvent): string {
  return `${category} ${symbol} ${positionIdx}`
}

/** Whether there is nothing of a leg. */
export function isFlat({ size }: Pick<PositionEvent, 'size'>): boolean {
  return isZero(size)
}

const ZERO = '0' as Decimal

/** The state of a leg that is flat, with all other values unknown. */
function flat(leg: PositionEvent): PositionEvent {
  const { accountId, category, symbol, positionIdx, exchangeTs, localTsUs } = leg
  const unknown = Object.fromEntries(Object.keys(POSITION_VALUES).map((name) => [name, null]))
  const state = {
    ...unknown,
    ...{ channel: 'position', accountId, category, symbol, positionIdx, exchangeTs, localTsUs },
    source: 'rest',
    side: '',
    size: ZERO,
    seq: -1,
    extra: null,
  } as unknown as PositionEvent // Sound: every other value of a leg may be null.
  return { ...state, contentHash: positionContentHash(state) }
}
