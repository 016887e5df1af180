import type { InstrumentState, Listing } from './instrument-list.ts'

/** When each instrument was listed, from its states in the order of time. */
export function listingsOf(states: readonly InstrumentState[]): Listing[] {
  const byName = Map.groupBy(states, ({ category, symbol }) => `${category} ${symbol}`)
  return [...byName.values()].flatMap((own) => spansOf(own).map(listingOf))
}

/** Cuts states where one does not follow the other at once. */
function spansOf(states: readonly InstrumentState[]): InstrumentState[][] {
  const spans: InstrumentState[][] = []
  for (const state of states) {
    const span = spans.at(-1)
    if (span?.at(-1)?.validUntil === state.validFrom) span.push(state)
    else spans.push([state])
  }
  return spans
}

function listingOf(span: readonly InstrumentState[]): Listing {
  const [first] = span
  const last = span.at(-1)
  if (first === undefined || last === undefined) throw new Error('a span has states')
  const { category, symbol } = first
  return { category, symbol, from: listedFrom(first), until: listedUntil(last) }
}

function listedFrom({ instrument, validFrom, changedAfter }: InstrumentState): number {
  const { launchTime } = instrument
  const fits = launchTime !== null && launchTime <= validFrom && launchTime > (changedAfter ?? 0)
  return fits ? launchTime : validFrom
}

function listedUntil({ instrument, validUntil, confirmedUntil }: InstrumentState): number | null {
  const { deliveryTime } = instrument
  if (validUntil === null || deliveryTime === null) return validUntil
  const fits = deliveryTime <= validUntil && deliveryTime >= (confirmedUntil ?? 0)
  return fits ? deliveryTime : validUntil
}
