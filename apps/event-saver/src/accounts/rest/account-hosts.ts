import type { Config } from '../../config/config.ts'
import { isLoopback } from '../../config/loopback.ts'

/** Why no account may be captured from the configured hosts. */
export interface HostsFault {
  readonly code: 'REST_URL_MISSING' | 'HOST_NOT_ENCRYPTED'
  readonly message: string
}

const PLAIN = /^(ws|http):$/

/**
 * Whether accounts may log in at the configured hosts: not where a key would go to another exchange, and
 * not in plain text over a network, where others could read along and act in the account's place.
 */
export function accountHostsFault({
  wsUrl,
  restUrl,
  plainAccounts,
}: Pick<Config, 'plainAccounts' | 'restUrl' | 'wsUrl'>): HostsFault | null {
  if (wsUrl !== undefined && restUrl === undefined) {
    return {
      code: 'REST_URL_MISSING',
      message:
        'set EVENTSAVER_REST_URL beside EVENTSAVER_WS_URL: a key must not be sent to another exchange',
    }
  }
  if (plainAccounts) return null
  for (const [variable, text] of [
    ['EVENTSAVER_WS_URL', wsUrl],
    ['EVENTSAVER_REST_URL', restUrl],
  ] as const) {
    const url = text === undefined ? null : new URL(text)
    if (url === null || !PLAIN.test(url.protocol) || isLoopback(url.hostname)) continue
    return {
      code: 'HOST_NOT_ENCRYPTED',
      message:
        `${variable} ${text} is not encrypted and not on this machine: others could read what an account does; ` +
        'use wss:// and https://, or set EVENTSAVER_PLAIN_ACCOUNTS=true where the network is trusted',
    }
  }
  return null
}
