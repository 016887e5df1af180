import { CATEGORIES, type Category } from '@grid/core-events'
import { BybitAdapterError } from '../../errors.ts'

/** The categories whose market data this version reads: all of them. */
export type PublicCategory = Category

/** What differs between the categories' public sockets. */
export interface CategoryDialect {
  readonly path: string
  /** A subscribe request is atomic: small ones limit what one bad topic voids. Spot allows no more. */
  readonly topicsPerRequest: number
  /** The exchange's limit on the text of all topics of one connection. */
  readonly maxTopicChars: number
  /** The exchange's limit on the number of topics of one connection. */
  readonly maxTopics: number
}

const COMMON = { topicsPerRequest: 10, maxTopicChars: 21_000, maxTopics: Number.POSITIVE_INFINITY }

const CATEGORY_DIALECTS: { readonly [Name in PublicCategory]: CategoryDialect } = {
  linear: { ...COMMON, path: '/v5/public/linear' },
  inverse: { ...COMMON, path: '/v5/public/inverse' },
  spot: { ...COMMON, path: '/v5/public/spot' },
  option: { ...COMMON, path: '/v5/public/option', maxTopics: 2000 },
}

/** A category's dialect; throws `INVALID_OPTION` for an unknown category. */
export function categoryDialect(category: PublicCategory): CategoryDialect {
  if (!Object.hasOwn(CATEGORY_DIALECTS, category)) {
    const names = CATEGORIES.join(', ')
    const message = `category must be one of ${names}, got ${JSON.stringify(category)}`
    throw new BybitAdapterError('INVALID_OPTION', message, { option: 'category' })
  }
  return CATEGORY_DIALECTS[category]
}
