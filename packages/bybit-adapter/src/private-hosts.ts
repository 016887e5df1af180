import type { Environment } from './endpoints.ts'
import { httpBase, restUrl } from './hosts.ts'

/** Demo trading borrows mainnet's market, but has accounts of its own. */
const DEMO_HOST = 'https://api-demo.bybit.com'

/**
 * The base address of an environment's authenticated REST endpoints, without a slash at its end.
 *
 * Throws `INVALID_OPTION`. `base` wins over the environment.
 *
 * @example
 * privateRestUrl('demo') // 'https://api-demo.bybit.com'
 */
export function privateRestUrl(environment: Environment, base?: string): string {
  if (environment === 'demo') return httpBase('restUrl', base ?? DEMO_HOST)
  return restUrl(environment, base)
}
