import type { Category, Channel, GridEvent } from '@grid/core-events'

/** Which rows are made again. */
export interface ReplayScope {
  /** Null for no market data. */
  readonly market: MarketScope | null
  /** By id; null for no accounts. */
  readonly accounts: ReadonlySet<string> | null
  /**
   * By id, all accounts that the database has, removed ones too; null where not all are wanted. What others sent belongs
   * to nobody there.
   */
  readonly known: ReadonlySet<string> | null
  /** Times of receipt in epoch microseconds, `fromUs` inclusive and `toUs` exclusive. */
  readonly fromUs: number
  readonly toUs: number
}

/** Which market data: what meets all conditions that are given. */
export interface MarketScope {
  readonly channels: ReadonlySet<Channel> | null
  readonly categories: ReadonlySet<Category> | null
  /** By category; one that is left out is wanted with all its symbols. */
  readonly symbols: ReadonlyMap<Category, ReadonlySet<string>>
}

/** What tells whether something is wanted. */
export interface Stream {
  readonly channel: Channel
  readonly category: Category | null
  readonly symbol: string | null
  readonly accountId: string | null
}

/** A stream, or what is known of one. */
type Asked = Omit<Stream, 'channel'> & { readonly channel: Channel | null }

/** The stream of an event. */
export function streamOfEvent(event: GridEvent): Stream {
  if ('accountId' in event) {
    return { channel: event.channel, category: null, symbol: null, accountId: event.accountId }
  }
  const { category, channel, symbol } = event
  return { channel, category, symbol, accountId: null }
}

/** Whether a stream is within the scope. What names no channel or symbol is only where none is asked for. */
export function isWanted(
  { accounts, market }: ReplayScope,
  { accountId, category, channel, symbol }: Asked,
): boolean {
  if (accountId !== null) return accounts?.has(accountId) === true
  if (market === null) return false
  const { categories, channels, symbols } = market
  const names = category === null ? undefined : symbols.get(category)
  return (
    (channels === null || (channel !== null && channels.has(channel))) &&
    (categories === null || (category !== null && categories.has(category))) &&
    (names === undefined || (symbol !== null && names.has(symbol)))
  )
}

/** Whether a time of receipt is within the scope. */
export function isWithin({ fromUs, toUs }: ReplayScope, localTsUs: number): boolean {
  return localTsUs >= fromUs && localTsUs < toUs
}
