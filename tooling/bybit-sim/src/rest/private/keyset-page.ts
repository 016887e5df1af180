import type { WireRow } from '../../base/wire-row.ts'
import type { Query } from '../request/query.ts'

/** The sort key of an item: newest first, then by id. */
export interface Place {
  readonly timeMs: number
  readonly id: string
}

/** A page and the cursor of the next one. */
export interface KeysetPage {
  readonly list: readonly WireRow[]
  readonly nextPageCursor: string
}

const CURSOR = /,(.+):(\d+)$/

/**
 * The page after the request's cursor.
 *
 * The cursor names the first and the last item of the page before it, so that new items shift nothing.
 * As on the exchange, every page with items has a cursor, and an empty page ends the list.
 */
export function keysetPage<Item>(
  items: readonly Item[],
  how: {
    placeOf: (item: Item) => Place
    rowOf: (item: Item) => WireRow
    /** Whether items of one millisecond come out of order. */
    isUnsettled?: boolean
  },
  query: Query,
  limit: number,
): KeysetPage {
  const [, id, time] = CURSOR.exec(query.text('cursor')) ?? []
  const after = id === undefined ? null : { id, timeMs: Number(time) }
  const placed = items
    .map((item) => ({ item, place: how.placeOf(item) }))
    .filter(({ place }) => after === null || compare(place, after) > 0)
    .sort((a, b) => compare(a.place, b.place))
    .slice(0, limit)
  const first = placed[0]?.place
  const last = placed.at(-1)?.place
  const text = ({ id, timeMs }: Place): string => `${id}:${timeMs}`
  return {
    list: (how.isUnsettled === true ? unsettled(placed) : placed).map(({ item }) =>
      how.rowOf(item),
    ),
    nextPageCursor:
      first === undefined || last === undefined
        ? ''
        : encodeURIComponent(`${text(first)},${text(last)}`),
  }
}

function compare(a: Place, b: Place): number {
  if (a.timeMs !== b.timeMs) return b.timeMs - a.timeMs
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

/** Swaps neighbours of one millisecond. */
function unsettled<Placed extends { readonly place: Place }>(page: readonly Placed[]): Placed[] {
  const turned = [...page]
  for (let at = 0; at + 1 < turned.length; at += 2) {
    const [one, other] = [turned[at], turned[at + 1]]
    if (one === undefined || other === undefined) break
    if (one.place.timeMs !== other.place.timeMs) continue
    turned[at] = other
    turned[at + 1] = one
  }
  return turned
}
