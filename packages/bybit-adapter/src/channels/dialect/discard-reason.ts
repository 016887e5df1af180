/** Why a well-formed item yields no event. */
export type DiscardReason =
  | 'delta_before_snapshot'
  | 'stale_delta'
  | 'stale_snapshot'
  | 'repeated_book'
  | 'stale_book'
  | 'unsupported_topic'
  | 'unknown_control'
  | 'filtered'
  | 'category_not_captured'

/**
 * What a discarded item says about its topic.
 *
 * | meaning | |
 * |---|---|
 * | `delivers` | the topic works: what it sent is known already |
 * | `lacks_state` | what the item builds on is missing or wrong; a new snapshot is needed if this goes on |
 * | `nothing` | it says nothing about the topic |
 */
export const DISCARD_MEANINGS: {
  readonly [Reason in DiscardReason]: 'delivers' | 'lacks_state' | 'nothing'
} = {
  delta_before_snapshot: 'lacks_state',
  stale_delta: 'lacks_state',
  stale_snapshot: 'lacks_state',
  stale_book: 'lacks_state',
  repeated_book: 'delivers',
  unsupported_topic: 'nothing',
  unknown_control: 'nothing',
  filtered: 'nothing',
  category_not_captured: 'nothing',
}
