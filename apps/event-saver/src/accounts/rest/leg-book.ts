import {
  type Decimal,
  POSITION_VALUES,
  type PositionEvent,
  positionContentHash,
} from '@grid/core-events'

/** A reply that is this young may not know yet what a leg's last message told. */
const SETTLE_MS = 1000

/** Remembers which legs of an account are open, to see which of them a list leaves out. */
export class LegBook {
  readonly #legs = new Map<string, PositionEvent>()

  /** Takes the newest state of a leg. */
  note(leg: PositionEvent): void {
    const key = keyOf(leg)
    const known = this.#legs.get(key)
    if (known !== undefined && known.exchangeTs > leg.exchangeTs) return
    this.#legs.set(key, leg)
  }

  /**
   * The flat states of legs that were open and that a whole list of a category's open legs leaves
   * out: it says of them that they are flat, and nothing else.
   */
  absent(
    category: PositionEvent['category'],
    listed: readonly PositionEvent[],
    { exchangeTs, localTsUs }: Pick<PositionEvent, 'exchangeTs' | 'localTsUs'>,
  ): PositionEvent[] {
    return this.#unlisted(category, listed)
      .filter((leg) => leg.exchangeTs < exchangeTs - SETTLE_MS)
      .map((leg) => flat({ ...leg, exchangeTs, localTsUs }))
  }

  /** Whether no leg is left out of a list that is too young to tell; true of one without a time. */
  isSettled(
    category: PositionEvent['category'],
    listed: readonly PositionEvent[],
    listedTs: number,
  ): boolean {
    const isYoung = (leg: PositionEvent): boolean => leg.exchangeTs >= listedTs - SETTLE_MS
    return listedTs === 0 || !this.#unlisted(category, listed).some(isYoung)
  }

  #unlisted(
    category: PositionEvent['category'],
    listed: readonly PositionEvent[],
  ): PositionEvent[] {
    const keys = new Set(listed.map(keyOf))
    return [...this.#legs.values()].filter(
      (leg) => leg.category === category && !isZero(leg.size) && !keys.has(keyOf(leg)),
    )
  }
}

function keyOf({ category, symbol, positionIdx }: PositionEvent): string {
  return `${category} ${symbol} ${positionIdx}`
}

function isZero(size: string): boolean {
  return !/[1-9]/.test(size.split(/[eE]/)[0] ?? '')
}

const ZERO = '0' as Decimal

/** What is known of a leg that is not listed as open: nothing but that. */
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
