import type { Environment } from './endpoints.ts'
import { BybitAdapterError } from './errors.ts'

/** Demo trading has no market of its own: its market is mainnet's. */
const REST_HOSTS: { readonly [Name in Environment]: string } = {
  mainnet: 'https://api.bybit.com',
  testnet: 'https://api-testnet.bybit.com',
  demo: 'https://api.bybit.com',
}

const HTTP_BASE = /^https?:\/\/[^?#]+$/

/**
 * The base address of an environment's REST market data, without a slash at its end.
 *
 * Throws `INVALID_OPTION`. `base` wins over the environment.
 */
export function restUrl(environment: Environment, base?: string): string {
  if (!Object.hasOwn(REST_HOSTS, environment)) {
    const names = Object.keys(REST_HOSTS).join(', ')
    const message = `environment must be one of ${names}, got ${JSON.stringify(environment)}`
    throw new BybitAdapterError('INVALID_OPTION', message, { option: 'environment' })
  }
  return httpBase('restUrl', base ?? REST_HOSTS[environment])
}

/** A base address without a slash at its end; throws `INVALID_OPTION` when it is none. */
export function httpBase(option: string, base: string): string {
  if (!HTTP_BASE.test(base) || !URL.canParse(base)) {
    const message = `${option} must be like http://127.0.0.1:9002, got ${JSON.stringify(base)}`
    throw new BybitAdapterError('INVALID_OPTION', message, { option })
  }
  return base.replace(/\/+$/, '')
}
