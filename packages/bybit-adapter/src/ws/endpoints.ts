import { categoryDialect, type PublicCategory } from '../category-dialect.ts'
import { BybitAdapterError } from '../errors.ts'

/** Where the exchange runs: for real, for tests, or with play money. */
export type Environment = 'mainnet' | 'testnet' | 'demo'

/** Demo trading has no public sockets of its own: its market is mainnet's. */
const PUBLIC_HOSTS: { readonly [Name in Environment]: string } = {
  mainnet: 'wss://stream.bybit.com',
  testnet: 'wss://stream-testnet.bybit.com',
  demo: 'wss://stream.bybit.com',
}

const SOCKET_BASE = /^wss?:\/\/[^?#]+$/

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
  category: PublicCategory,
  environment: Environment,
  wsUrl?: string,
): string {
  if (!Object.hasOwn(PUBLIC_HOSTS, environment)) {
    const names = Object.keys(PUBLIC_HOSTS).join(', ')
    throw invalid('environment', `must be one of ${names}, got ${JSON.stringify(environment)}`)
  }
  const base = wsUrl ?? PUBLIC_HOSTS[environment]
  if (!SOCKET_BASE.test(base) || !URL.canParse(base)) {
    throw invalid('wsUrl', `must be like ws://127.0.0.1:9001, got ${JSON.stringify(base)}`)
  }
  return `${base.replace(/\/+$/, '')}${categoryDialect(category).path}`
}

function invalid(option: string, fault: string): BybitAdapterError {
  return new BybitAdapterError('INVALID_OPTION', `${option} ${fault}`, { option })
}
