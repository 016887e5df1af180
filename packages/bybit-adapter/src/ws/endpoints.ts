import { BybitAdapterError } from '../errors.ts'

/** Where the exchange runs: for real, for tests, or with play money. */
export type Environment = 'mainnet' | 'testnet' | 'demo'

/** Demo trading has no public sockets of its own: its market is mainnet's. */
const PUBLIC_HOSTS: { readonly [Name in Environment]: string } = {
  mainnet: 'wss://stream.bybit.com',
  testnet: 'wss://stream-testnet.bybit.com',
  demo: 'wss://stream.bybit.com',
}

/** What differs between the exchange's product families on a public socket. */
export interface CategoryDialect {
  readonly path: string
  /** A request is atomic: small ones limit what one bad topic takes along. */
  readonly topicsPerRequest: number
  /** The exchange's limit on the text of all topics of one connection. */
  readonly maxTopicChars: number
}

/** The categories whose public sockets this version speaks. */
export const CATEGORY_DIALECTS: { readonly linear: CategoryDialect } = {
  linear: { path: '/v5/public/linear', topicsPerRequest: 10, maxTopicChars: 21_000 },
}

/**
 * The address of a category's public socket.
 *
 * Throws `INVALID_OPTION` when the base is no ws or wss address.
 *
 * @param wsUrl a base such as `ws://127.0.0.1:9001`, which wins over the environment
 * @example
 * publicUrl('linear', 'testnet') // 'wss://stream-testnet.bybit.com/v5/public/linear'
 */
export function publicUrl(
  category: keyof typeof CATEGORY_DIALECTS,
  environment: Environment,
  wsUrl?: string,
): string {
  const base = wsUrl ?? PUBLIC_HOSTS[environment]
  if (!URL.canParse(base) || !/^wss?:\/\/[^?#]+$/.test(base)) {
    const message = `wsUrl must be like ws://127.0.0.1:9001, without query, got ${JSON.stringify(wsUrl)}`
    throw new BybitAdapterError('INVALID_OPTION', message, { option: 'wsUrl' })
  }
  return `${base.replace(/\/+$/, '')}${CATEGORY_DIALECTS[category].path}`
}
