import type { SaverStatus } from 'event-saver'

type Gap = SaverStatus['gaps']['recent'][number]

/** Tells what becomes of the gaps that the exchange can still fill, when it happens. */
export class GapStory {
  readonly #say: (line: string) => void
  #told = ''

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  /** Says in which states such gaps are, when that has changed. */
  tell({ gaps, repair }: SaverStatus): void {
    const fillable = gaps.recent.filter(({ state }) => state !== 'unrecoverable')
    const states = countsOf(fillable)
    if (states === '' || states === this.#told) return
    this.#told = states
    const stored = repair.events === 0 ? '' : `, ${repair.events} missed trades stored`
    this.#say(`Gaps of trades: ${states}${stored}.`)
  }
}

/** For example `3 open, 1 filled`. */
function countsOf(gaps: readonly Gap[]): string {
  const states = Map.groupBy(gaps, ({ state }) => state)
  return [...states].map(([state, { length }]) => `${length} ${state}`).join(', ')
}
