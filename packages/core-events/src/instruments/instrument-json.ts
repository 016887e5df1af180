import type { JsonObject, JsonValue } from '../values/json.ts'
import { INSTRUMENT_DECIMALS, type Instrument, type PreListingInfo } from './instrument.ts'

/** The keys of an object that this version knows: a value, an object, or a list of objects. */
interface Shape {
  readonly [key: string]: null | Shape | readonly [Shape]
}

/** A shape that names every key of a type. */
type ShapeOf<Type> = { readonly [Key in keyof Type]-?: Shape[string] }

const decimals = (group: keyof typeof INSTRUMENT_DECIMALS): Shape =>
  Object.fromEntries(INSTRUMENT_DECIMALS[group].map((name) => [name, null]))

const PRE_LISTING: ShapeOf<PreListingInfo> = {
  curAuctionPhase: null,
  skipCallAuction: null,
  phases: [{ phase: null, startTime: null, endTime: null }],
  auctionFeeInfo: decimals('auctionFeeInfo'),
}

const INSTRUMENT: ShapeOf<Omit<Instrument, 'extra'>> = {
  symbol: null,
  status: null,
  baseCoin: null,
  quoteCoin: null,
  symbolId: null,
  settleCoin: null,
  contractType: null,
  optionsType: null,
  symbolType: null,
  displayName: null,
  fullName: null,
  marketRegion: null,
  underlyingTicker: null,
  launchTime: null,
  deliveryTime: null,
  deliveryFeeRate: null,
  priceScale: null,
  fundingInterval: null,
  upperFundingRate: null,
  lowerFundingRate: null,
  unifiedMarginTrade: null,
  copyTrading: null,
  marginTrading: null,
  innovation: null,
  stTag: null,
  xstockMultiplier: null,
  forbidUplWithdrawal: null,
  isPreListing: null,
  leverageFilter: decimals('leverageFilter'),
  priceFilter: decimals('priceFilter'),
  lotSizeFilter: decimals('lotSizeFilter'),
  riskParameters: decimals('riskParameters'),
  preListingInfo: { ...PRE_LISTING },
}

/**
 * An instrument as one JSON object: its values under the exchange's names, without those that are null,
 * and the unknown keys where they stood. A version that knows more keys reads the same object, so that
 * what did not change stays equal.
 *
 * @example
 * instrumentToJson(instrument) // { symbol: 'BTCUSDT', status: 'Trading', priceFilter: { tickSize: '0.10' }, … }
 */
export function instrumentToJson({ extra, ...known }: Instrument): JsonObject {
  // Sound: the values of an instrument are JSON.
  return joined(known as unknown as JsonObject, extra)
}

/**
 * The instrument of such an object; keys that this version does not know go to `extra`. The values are
 * taken as they are.
 */
export function instrumentFromJson(json: JsonObject): Instrument {
  const { known, extra } = parted(json, { ...INSTRUMENT })
  // Sound: every known key is there, and the values are those of an instrument.
  return { ...known, extra } as unknown as Instrument
}

interface Parted {
  readonly known: JsonObject
  readonly extra: JsonObject | null
}

function parted(json: JsonObject, shape: Shape): Parted {
  const known = Object.entries(shape).map(([key, inner]) => [key, knownOf(json[key], inner)])
  const extra = Object.entries(json).flatMap(([key, value]): [string, JsonValue][] => {
    if (!Object.hasOwn(shape, key)) return [[key, value]]
    const inner = extraOf(value, shape[key] ?? null)
    return inner === null ? [] : [[key, inner]]
  })
  return {
    known: Object.fromEntries(known) as JsonObject,
    extra: extra.length === 0 ? null : Object.fromEntries(extra),
  }
}

function knownOf(value: JsonValue | undefined, shape: Shape[string] | undefined): JsonValue {
  if (isList(shape)) {
    return isList(value) ? value.map((item) => knownOf(item, shape[0])) : []
  }
  if (shape === null || shape === undefined) return value ?? null
  return isObject(value) ? parted(value, shape).known : null
}

/** What a known key holds besides what is known; null for nothing. */
function extraOf(value: JsonValue, shape: Shape[string]): JsonValue {
  if (isList(shape)) {
    const extras = isList(value) ? value.map((item) => extraOf(item, shape[0])) : []
    return extras.every((extra) => extra === null) ? null : extras
  }
  return shape !== null && isObject(value) ? parted(value, shape).extra : null
}

/** Joins what was parted, without the values that are null. */
function joined(known: JsonObject, extra: JsonObject | null): JsonObject {
  const values = Object.entries(known)
    .map(([key, value]) => [key, joinedValue(value, extra?.[key] ?? null)] as const)
    .filter(([, value]) => value !== null)
  const others = Object.entries(extra ?? {}).filter(([key]) => !Object.hasOwn(known, key))
  return Object.fromEntries([...values, ...others])
}

function joinedValue(known: JsonValue, extra: JsonValue): JsonValue {
  if (isList(known)) {
    if (known.length === 0) return null
    return known.map((item, index) =>
      joinedValue(item, isList(extra) ? (extra[index] ?? null) : null),
    )
  }
  return isObject(known) ? joined(known, isObject(extra) ? extra : null) : known
}

function isList<Item>(value: unknown): value is readonly Item[] {
  return Array.isArray(value)
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
