import { BybitAdapterError } from './errors.ts'

/** The categories whose public market data this version reads. */
export type PublicCategory = 'linear'

/** What differs between the exchange's product families on a public socket. */
export interface CategoryDialect {
  readonly path: string
  /** A request is atomic: small ones limit what one bad topic takes along. */
  readonly topicsPerRequest: number
  /** The exchange's limit on the text of all topics of one connection. */
  readonly maxTopicChars: number
}

const CATEGORY_DIALECTS: { readonly [Name in PublicCategory]: CategoryDialect } = {
  linear: { path: '/v5/public/linear', topicsPerRequest: 10, maxTopicChars: 21_000 },
}

/** A category's dialect; throws `INVALID_OPTION` for a category that this version does not read. */
export function categoryDialect(category: PublicCategory): CategoryDialect {
  if (!Object.hasOwn(CATEGORY_DIALECTS, category)) {
    const message = `category must be linear, got ${JSON.stringify(category)}`
    throw new BybitAdapterError('INVALID_OPTION', message, { option: 'category' })
  }
  return CATEGORY_DIALECTS[category]
}
