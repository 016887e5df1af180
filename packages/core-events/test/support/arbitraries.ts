import fc from 'fast-check'
import {
  CATEGORIES,
  type Decimal,
  EARLIEST_EXCHANGE_TS,
  EXECUTION_VALUES,
  type ExecutionEvent,
  type GridEvent,
  isSymbol,
  isText,
  type JsonObject,
  LATEST_EXCHANGE_TS,
  ORDER_VALUES,
  type OrderEvent,
  orderContentHash,
  POSITION_VALUES,
  type PositionEvent,
  type PublicTradeEvent,
  parseDecimal,
  positionContentHash,
  SOURCES,
  TICKER_FIELDS,
  type TickerEvent,
  type TickerField,
  type TickerValues,
  type ValueKind,
  WALLET_VALUES,
  type WalletEvent,
  walletContentHash,
} from '../../src/index.ts'

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

/** Any value that a JSON parser can return: no negative zero, no value without a JSON text. */
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

const text = fc.oneof(name, fc.string({ minLength: 1, unit: 'grapheme' }).filter(isText))
const BY_KIND: { readonly [Kind in ValueKind]: fc.Arbitrary<unknown> } = {
  decimal,
  text,
  integer: fc.integer(),
  timestamp: fc.nat({ max: LATEST_EXCHANGE_TS }),
  flag: fc.boolean(),
  object: jsonObject,
  json: fc.array(jsonObject),
}

/** An event in which any value may be null. */
function privateEvent<Event extends GridEvent>(
  kinds: Readonly<Record<string, ValueKind>>,
  own: { readonly [field: string]: fc.Arbitrary<unknown> },
  hashOf: ((event: Event) => string) | null,
): fc.Arbitrary<Event> {
  const values = Object.entries(kinds).map(([key, kind]) => [key, nullable(BY_KIND[kind])])
  const { exchangeTs, localTsUs, source } = base
  const stamp = { exchangeTs, localTsUs, source, accountId: fc.uuid() }
  return fc
    .record({ ...stamp, ...own, extra: nullable(jsonObject), ...Object.fromEntries(values) })
    .map((fields) => {
      const event = fields as unknown as Event
      return hashOf === null ? event : { ...event, contentHash: hashOf(event) }
    })
}

const { category, symbol } = base
const side = fc.constantFrom('Buy', 'Sell', 'Unheard')

export const execution: fc.Arbitrary<ExecutionEvent> = privateEvent<ExecutionEvent>(
  EXECUTION_VALUES,
  {
    channel: fc.constant('execution'),
    category,
    symbol,
    execId: name,
    side,
    execPrice: decimal,
    execQty: decimal,
    seq: sequence,
  },
  null,
)

export const order: fc.Arbitrary<OrderEvent> = privateEvent<OrderEvent>(
  ORDER_VALUES,
  {
    channel: fc.constant('order'),
    category,
    symbol,
    orderId: name,
    orderStatus: fc.constantFrom('New', 'Filled', 'Unheard of'),
    side,
  },
  orderContentHash,
)

export const position: fc.Arbitrary<PositionEvent> = privateEvent<PositionEvent>(
  POSITION_VALUES,
  {
    channel: fc.constant('position'),
    category,
    symbol,
    positionIdx: fc.nat({ max: 2 }),
    side: fc.constantFrom('Buy', 'Sell', '', 'None'),
    size: decimal,
    seq: sequence,
  },
  positionContentHash,
)

export const wallet: fc.Arbitrary<WalletEvent> = privateEvent<WalletEvent>(
  WALLET_VALUES,
  {
    channel: fc.constant('wallet'),
    accountType: fc.constantFrom('UNIFIED', 'CONTRACT'),
    coin: fc.oneof(fc.constant(''), name),
  },
  walletContentHash,
)

export const gridEvent: fc.Arbitrary<GridEvent> = fc.oneof(
  publicTrade,
  ticker,
  execution,
  order,
  position,
  wallet,
)
