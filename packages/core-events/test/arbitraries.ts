import fc from 'fast-check'
import {
  CATEGORIES,
  type Decimal,
  EARLIEST_EXCHANGE_TS,
  type GridEvent,
  isSymbol,
  type JsonObject,
  LATEST_EXCHANGE_TS,
  type PublicTradeEvent,
  parseDecimal,
  SOURCES,
  TICKER_FIELDS,
  type TickerEvent,
  type TickerField,
  type TickerValues,
} from '../src/index.ts'

const digits = fc.stringMatching(/^[0-9]{1,20}$/)
const exponent = fc
  .tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.nat({ max: 64 }))
  .map((parts) => parts.join(''))

export const decimal: fc.Arbitrary<Decimal> = fc
  .tuple(
    fc.constantFrom('', '-'),
    digits,
    fc.option(digits, { nil: null }),
    fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: exponent }),
  )
  .map(([sign, integer, fraction, power]) => {
    const text = `${sign}${integer}${fraction === null ? '' : `.${fraction}`}${power}`
    const parsed = parseDecimal(text)
    if (parsed === null || parsed === undefined) throw new Error(`not a decimal: ${text}`)
    return parsed
  })

const name = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 64, unit: 'grapheme' }),
    fc.constantFrom('BTCUSDT', 'BTC-26DEC25', '__proto__', 'constructor', '1:2,3'),
  )
  .filter(isSymbol)
const sequence = fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER })
const nullable = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(arbitrary, { nil: null })

const base = {
  category: fc.constantFrom(...CATEGORIES),
  symbol: name,
  exchangeTs: fc.integer({ min: EARLIEST_EXCHANGE_TS, max: LATEST_EXCHANGE_TS - 1 }),
  localTsUs: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  source: fc.constantFrom(...SOURCES),
}

export const publicTrade: fc.Arbitrary<PublicTradeEvent> = fc.record({
  channel: fc.constant('publicTrade' as const),
  ...base,
  tradeId: name,
  side: fc.constantFrom('Buy', 'Sell', 'Unheard'),
  price: decimal,
  size: decimal,
  tickDirection: nullable(fc.constantFrom('PlusTick', 'ZeroMinusTick', 'Unheard')),
  isBlockTrade: nullable(fc.boolean()),
  isRpiTrade: nullable(fc.boolean()),
  seq: sequence,
  matchIndex: sequence,
  markPrice: nullable(decimal),
  indexPrice: nullable(decimal),
  markIv: nullable(decimal),
  iv: nullable(decimal),
})

const valueFor = ({ kind }: TickerField): fc.Arbitrary<string | number | null> =>
  nullable<string | number>(
    kind === 'decimal' ? decimal : kind === 'text' ? name : fc.nat({ max: LATEST_EXCHANGE_TS }),
  )
const values = fc.record(
  Object.fromEntries(Object.entries(TICKER_FIELDS).map(([key, field]) => [key, valueFor(field)])),
) as fc.Arbitrary<unknown> as fc.Arbitrary<TickerValues>

/** What a JSON parser can return, so no negative zero and no value that text cannot hold. */
const jsonObject = fc
  .dictionary(fc.string(), fc.jsonValue())
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject)

export const ticker: fc.Arbitrary<TickerEvent> = fc
  .tuple(
    values,
    fc.record({
      channel: fc.constant('ticker' as const),
      ...base,
      seq: sequence,
      isSnapshot: fc.boolean(),
      changed: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      extra: nullable(jsonObject),
    }),
  )
  .map(([fields, rest]) => ({ ...rest, ...fields }))

export const gridEvent: fc.Arbitrary<GridEvent> = fc.oneof(publicTrade, ticker)
