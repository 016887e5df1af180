import { categoryDialect, type PublicCategory } from './channels/dialect/category-dialect.ts'
import { BybitAdapterError } from './errors.ts'

/** The sites with hosts of their own; a key of such a site is known to its hosts only. */
export const REGIONS = ['ae', 'eu', 'ge', 'hk', 'id', 'jp', 'kz', 'nl', 'tr'] as const

/**
 * A site of the exchange: United Arab Emirates, European Economic Area, Georgia, Hong Kong, Indonesia,
 * Japan, Kazakhstan, Netherlands, Türkiye.
 */
export type Region = (typeof REGIONS)[number]

/**
 * Which exchange: the real one, the test network, or demo trading with play money; of the real one also
 * that of a region, such as `mainnet:tr`.
 */
export type Environment =
  | 'mainnet'
  | 'testnet'
  | 'demo'
  | `mainnet:${Region}`
  | 'testnet:hk'
  | 'testnet:jp'

/** The hosts of an environment; private ones where they differ. */
interface Hosts {
  readonly stream: string
  readonly api: string
  readonly privateStream?: string
  readonly privateApi?: string
}

const MAINNET: Hosts = { stream: 'stream.bybit.com', api: 'api.bybit.com' }
const TESTNET: Hosts = { stream: 'stream-testnet.bybit.com', api: 'api-testnet.bybit.com' }

const HOSTS: { readonly [Name in Environment]: Hosts } = {
  mainnet: MAINNET,
  testnet: TESTNET,
  // Demo trading has its own accounts, and uses mainnet's market data.
  demo: {
    ...MAINNET,
    privateStream: 'stream-demo.bybit.com',
    privateApi: 'api-demo.bybit.com',
  },
  // Not every site has hosts of its own for streams or for its test network.
  'mainnet:ae': { ...MAINNET, api: 'api.bybit.ae' },
  'mainnet:eu': { ...MAINNET, api: 'api.bybit.eu' },
  'mainnet:ge': { stream: 'stream.bybitgeorgia.ge', api: 'api.bybitgeorgia.ge' },
  'mainnet:hk': { stream: 'stream.spark-fintech.com', api: 'api.spark-fintech.com' },
  'mainnet:id': { stream: 'stream.bybit.id', api: 'api.bybit.id' },
  'mainnet:jp': { stream: 'stream.manepa.jp', api: 'api.manepa.jp' },
  'mainnet:kz': { stream: 'stream.bybit.kz', api: 'api.bybit.kz' },
  'mainnet:nl': { ...MAINNET, api: 'api.bybit.nl' },
  'mainnet:tr': { stream: 'stream.bybit.tr', api: 'api.bybit.tr' },
  'testnet:hk': { ...TESTNET, api: 'api-testnet.spark-fintech.com' },
  'testnet:jp': { ...TESTNET, api: 'api-testnet.manepa.jp' },
}

/** Every environment. */
export const ENVIRONMENTS: readonly Environment[] = Object.keys(HOSTS) as Environment[]

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
  return `${socketBase(hostsOf(environment).stream, wsUrl)}${categoryDialect(category).path}`
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
  return `${socketBase(streamOfAccounts(environment), wsUrl)}/v5/private`
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
  const { api } = hostsOf(environment)
  return httpBase('restUrl', base ?? `https://${api}`)
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
  const { api, privateApi = api } = hostsOf(environment)
  return httpBase('restUrl', base ?? `https://${privateApi}`)
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

/**
 * The header by which a host tells its site, where it wants one.
 *
 * @example
 * siteHeaders('wss://stream.spark-fintech.com/v5/private') // { 'x-refer-site-id': 'HKG' }
 */
export function siteHeaders(url: string): Readonly<Record<string, string>> {
  const isHongKong = new URL(url).hostname.endsWith('.spark-fintech.com')
  return isHongKong ? { 'x-refer-site-id': 'HKG' } : {}
}

function socketBase(host: string, wsUrl: string | undefined): string {
  const base = wsUrl ?? `wss://${host}`
  if (!SOCKET_BASE.test(base) || !URL.canParse(base)) {
    throw invalid('wsUrl', `must be like ws://127.0.0.1:9001${gotText(base)}`)
  }
  return base.replace(/\/+$/, '')
}

function streamOfAccounts(environment: Environment): string {
  const { stream, privateStream = stream } = hostsOf(environment)
  return privateStream
}

function hostsOf(environment: Environment): Hosts {
  if (Object.hasOwn(HOSTS, environment)) return HOSTS[environment]
  const names = ENVIRONMENTS.join(', ')
  throw invalid('environment', `must be one of ${names}, got ${JSON.stringify(environment)}`)
}

function invalid(option: string, fault: string): BybitAdapterError {
  return new BybitAdapterError('INVALID_OPTION', `${option} ${fault}`, { option })
}
