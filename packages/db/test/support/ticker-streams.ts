import { TICKER_FIELDS, type TickerEvent, type TickerFieldName } from '@grid/core-events'
import fc from 'fast-check'
import { decimal, ticker } from './events.ts'

/** A few fields are enough, and make values return often; the last one's bit exceeds 32 bits. */
const FIELDS = [
  'lastPrice',
  'markPrice',
  'nextFundingTime',
  'curPreListingPhase',
  'fundingRate',
  'bid1Price',
  'change24h',
] as const satisfies readonly TickerFieldName[]

type Values = Partial<Record<TickerFieldName, unknown>>

/** What a ticker's stream does next. */
interface Step {
  readonly kind: 'delta' | 'snapshot' | 'late' | 'malformed' | 'gap' | 'again' | 'changed again'
  readonly symbol: number
  readonly fields: readonly (typeof FIELDS)[number][]
  readonly value: number
  readonly afterMs: number
  readonly back: number
}

const STEP: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 60, arbitrary: fc.constant<'delta'>('delta') },
    {
      weight: 9,
      arbitrary: fc.constantFrom<Step['kind'][]>(
        'snapshot',
        'late',
        'late',
        'malformed',
        'gap',
        'again',
        'changed again',
      ),
    },
  ),
  symbol: fc.nat(1),
  fields: fc.subarray([...FIELDS]),
  value: fc.nat(3),
  afterMs: fc.oneof(
    { weight: 5, arbitrary: fc.nat(2000) },
    { weight: 1, arbitrary: fc.constant(0) },
  ),
  back: fc.nat(12),
})

/** Messages of two instruments in the order in which they arrive, cut into batches. */
export const TICKER_BATCHES: fc.Arbitrary<readonly (readonly TickerEvent[])[]> = fc
  .record({
    steps: fc.array(STEP, { minLength: 20, maxLength: 220, size: 'max' }),
    sizes: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 }),
  })
  .map(({ steps, sizes }) => batchesOf(eventsOf(steps), sizes))

function drawnValue(field: TickerFieldName, value: number): unknown {
  if (value === 0) return null
  const { kind } = TICKER_FIELDS[field]
  if (kind === 'timestamp') return value * 1000
  return kind === 'text' ? `phase ${value}` : decimal(`${value}.50`)
}

function carrying(fields: readonly TickerFieldName[], value: number): Values {
  const values = fields.map((field, place) => [field, drawnValue(field, (value + place) % 4)])
  return { ...Object.fromEntries(values), changed: maskOf(fields) }
}

function maskOf(fields: readonly TickerFieldName[]): number {
  return fields.reduce((mask, field) => mask + 2 ** TICKER_FIELDS[field].bit, 0)
}

/** Events from half an hour before midnight, each whole, as a normalizer gives them. */
function eventsOf(steps: readonly Step[]): readonly TickerEvent[] {
  const sent: TickerEvent[] = []
  const states: Values[] = [{}, {}]
  let now = -1_800_000
  let seq = 1000
  for (const { kind, symbol, fields, value, afterMs, back } of steps) {
    now += kind === 'gap' ? afterMs * 900 : afterMs
    seq += 2
    const state = states[symbol] ?? {}
    const name = `S${symbol}`
    const old = sent.filter((event) => event.symbol === name).at(-1 - back)
    const emit = (values: Values, more: Partial<TickerEvent>): void => {
      sent.push(ticker({ symbol: name, ...(values as Partial<TickerEvent>), ...more }))
    }
    const order = { exchangeTs: now, seq, localTsUs: 0 }
    if (kind === 'delta' || kind === 'gap') {
      states[symbol] = { ...state, ...carrying(fields, value) }
      emit(states[symbol], { ...order, extra: value === 3 ? { unknown: value } : null })
    } else if (kind === 'snapshot') {
      states[symbol] = carrying(FIELDS, value)
      emit(states[symbol], { ...order, isSnapshot: true })
    } else if (kind === 'malformed') {
      // Its readable fields are merged all the same, its unreadable ones become null; no event.
      const [first, ...others] = fields
      states[symbol] = { ...state, ...carrying(others, value), ...(first ? { [first]: null } : {}) }
    } else if (old !== undefined && kind === 'late') {
      const late = carrying(fields, value)
      emit({ ...old, ...late }, { exchangeTs: old.exchangeTs, seq: old.seq + 1, isSnapshot: false })
      // Fields that no newer message carried.
      states[symbol] = value % 2 === 0 ? { ...state, ...late } : state
    } else if (old !== undefined && kind === 'again') {
      sent.push(old)
    } else if (old !== undefined && kind === 'changed again') {
      sent.push({ ...old, ...(carrying(['markPrice'], value) as Partial<TickerEvent>) })
    }
  }
  return sent
}

function batchesOf(
  events: readonly TickerEvent[],
  sizes: readonly number[],
): readonly (readonly TickerEvent[])[] {
  const batches: (readonly TickerEvent[])[] = []
  let start = 0
  for (let n = 0; start < events.length; n++) {
    const size = sizes[n % sizes.length] ?? 1
    batches.push(events.slice(start, start + size))
    start += size
  }
  return batches
}
