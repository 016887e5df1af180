import { categoryDialect, type PublicCategory } from './channels/dialect/category-dialect.ts'
import { BybitAdapterError } from './errors.ts'

/** Which exchange: the real one, the test network, or demo trading with play money. */
export type Environment = 'mainnet' | 'testnet' | 'demo'

/** Demo trading uses mainnet's market data. */
const PUBLIC_HOSTS: { readonly [Name in Environment]: string } = {
  mainnet: 'wss://stream.bybit.com',
  testnet: 'wss://stream-testnet.bybit.com',
  demo: 'wss://stream.bybit.com',
}

/** Demo trading has its own accounts. */
const PRIVATE_HOSTS: { readonly [Name in Environment]: string } = {
  ...PUBLIC_HOSTS,
  demo: 'wss://stream-demo.bybit.com',
}

/** Demo trading uses mainnet's market data. */
const REST_HOSTS: { readonly [Name in Environment]: string } = {
  mainnet: 'https://api.bybit.com',
  testnet: 'https://api-testnet.bybit.com',
  demo: 'https://api.bybit.com',
}

/** Demo trading has its own accounts. */
const PRIVATE_REST_HOSTS: { readonly [Name in Environment]: string } = {
  ...REST_HOSTS,
  demo: 'https://api-demo.bybit.com',
}

const SOCKET_BASE = /^wss?:\/\/[^?#]+$/
const HTTP_BASE = /^https?:\/\/[^?#]+$/

/**
 * The address of a category's public socket.
 *
 * Throws `INVALID_OPTION` if the base is no ws or wss address.
 *
 * @param wsUrl a base such as `ws://127.0.0.1:9001`, used instead of the environment's
 * @example
 * publicUrl('linear', 'testnet') // 'wss://stream-testnet.bybit.com/v5/public/linear'
 */
export function publicUrl(
  category: PublicCategory,
  environment: Environment,
  wsUrl?: string,
): string {
  return `${socketBase(PUBLIC_HOSTS, environment, wsUrl)}${categoryDialect(category).path}`
}

/**
 * The address of an environment's private socket; throws `INVALID_OPTION` as `publicUrl` does.
 *
 * The exchange closes this socket after about ten minutes without a frame in either direction (the
 * parameter `max_active_time` is not set). Pings keep it open at any age.
 *
 * @example
 * privateUrl('demo') // 'wss://stream-demo.bybit.com/v5/private'
 */
export function privateUrl(environment: Environment, wsUrl?: string): string {
  return `${socketBase(PRIVATE_HOSTS, environment, wsUrl)}/v5/private`
}

/**
 * The base address of an environment's REST market data, without a slash at its end.
 *
 * Throws `INVALID_OPTION`. A given `base` is used instead of the environment's.
 *
 * @example
 * restUrl('testnet') // 'https://api-testnet.bybit.com'
 */
export function restUrl(environment: Environment, base?: string): string {
  const host = hostOf(REST_HOSTS, environment)
  return httpBase('restUrl', base ?? host)
}

/**
 * The base address of an environment's authenticated REST endpoints, without a slash at its end.
 *
 * Throws `INVALID_OPTION`. A given `base` is used instead of the environment's.
 *
 * @example
 * privateRestUrl('demo') // 'https://api-demo.bybit.com'
 */
export function privateRestUrl(environment: Environment, base?: string): string {
  const host = hostOf(PRIVATE_REST_HOSTS, environment)
  return httpBase('restUrl', base ?? host)
}

/** A base address without a slash at its end; throws `INVALID_OPTION` if it is no http or https address. */
export function httpBase(option: string, base: string): string {
  if (!HTTP_BASE.test(base) || !URL.canParse(base)) {
    throw invalid(option, `must be like http://127.0.0.1:9002${gotText(base)}`)
  }
  return base.replace(/\/+$/, '')
}

/** A wrong base for a message, unless it may hold a password. */
function gotText(base: string): string {
  return base.includes('@') ? ', without credentials' : `, got ${JSON.stringify(base)}`
}

function socketBase(
  hosts: { readonly [Name in Environment]: string },
  environment: Environment,
  wsUrl: string | undefined,
): string {
  const host = hostOf(hosts, environment)
  const base = wsUrl ?? host
  if (!SOCKET_BASE.test(base) || !URL.canParse(base)) {
    throw invalid('wsUrl', `must be like ws://127.0.0.1:9001${gotText(base)}`)
  }
  return base.replace(/\/+$/, '')
}

function hostOf(
  hosts: { readonly [Name in Environment]: string },
  environment: Environment,
): string {
  if (Object.hasOwn(hosts, environment)) return hosts[environment]
  const names = Object.keys(hosts).join(', ')
  throw invalid('environment', `must be one of ${names}, got ${JSON.stringify(environment)}`)
}

function invalid(option: string, fault: string): BybitAdapterError {
  return new BybitAdapterError('INVALID_OPTION', `${option} ${fault}`, { option })
}
