import { type GridEvent, mergeTickers, type PublicChannel } from '@grid/core-events'

/** An event of market data that is a state, in its order among those of its stream. */
export interface StateEvent {
  readonly channel: string
  readonly category: string
  readonly symbol: string
  readonly exchangeTs: number
  readonly localTsUs: number
  readonly seq: number
}

/** Makes one state of an event and of one that arrived after it, both of one stream. */
export type MergeStates = (known: GridEvent, arrived: GridEvent) => GridEvent

/** The channels whose messages are states that can be merged: the one place where a new one is listed. */
export const STATE_MERGES: { readonly [Name in PublicChannel]?: MergeStates } = {
  // Sound: only events of the channel are merged.
  ticker: mergeTickers as unknown as MergeStates,
}
