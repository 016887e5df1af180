import type { NewCredential } from '@grid/db'
import type { Config } from '../../config/config.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import { checkKey, type Reading } from './check-key.ts'

const NOT_STORED = 'nothing was stored; --no-check stores the key untested'

/** What to do about a key that the exchange refuses, by the code of its refusal. */
const FIXES: Readonly<Partial<Record<string, string>>> = {
  API_KEY_INVALID: 'copy the key again, and check that it is of this environment',
  API_KEY_EXPIRED: 'make a new key at the exchange',
  SIGNATURE_INVALID: 'the secret does not belong to this key: copy both again',
  PERMISSION_DENIED: 'give the key the right to read at the exchange',
  IP_NOT_ALLOWED:
    'the key is bound to other addresses: add the address of this host at the exchange',
}

/** Codes of answers that say nothing about the key, beside those of faults that pass. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'CLOCK_SKEW',
  'HTTP_STATUS',
  'IP_BANNED',
  'NETWORK',
  'RATE_LIMITED',
  'RESPONSE_MALFORMED',
  'RESPONSE_NOT_JSON',
  'RESPONSE_TOO_LARGE',
  'TIMEOUT',
])

/**
 * Asks the exchange whether a key can read what capturing needs, before it is stored; gives what is
 * amiss with it otherwise, as warnings: also which categories it may not read, as long as it may read one.
 *
 * Throws a `CommandError` with exit code 3 for a key that cannot, and with 75 when the exchange cannot
 * be asked.
 */
export async function acceptKey(
  config: Config,
  { apiKey, secret, keyType = 'hmac' }: NewCredential,
): Promise<readonly string[]> {
  // The account has no id yet; here it only counts requests.
  const accountId = crypto.randomUUID()
  const { readings, warnings } = await checkKey(config, { accountId, apiKey, secret, keyType })
  const failed = readings.filter(({ ok }) => !ok)
  const [first] = failed
  if (first === undefined) return warnings
  const unread = new Set(failed.map(({ category }) => category))
  const isUsable = readings.some(({ category }) => category !== null && !unread.has(category))
  if (unread.has(null) || !isUsable || failed.some(saysNothing)) {
    throw refusalOf(config, failed, failed.find(saysNothing) ?? first)
  }
  return [...warnings, unreadText(failed)]
}

/** Whether an answer says nothing about the key. */
function saysNothing({ code, isPassing }: Reading): boolean {
  return isPassing || UNREACHABLE.has(code ?? '')
}

function unreadText(failed: readonly Reading[]): string {
  const what = failed.map((reading) => reading.what).join(', ')
  const why = [...new Set(failed.map(({ code }) => code))].join(', ')
  return `the key cannot read ${what} (${why}): they are left out, and gaps of executions are filled in part only; give it the right to read them, or name the others in EVENTSAVER_ACCOUNT_CATEGORIES`
}

function refusalOf(
  { environmentStamp }: Config,
  failed: readonly Reading[],
  reading: Reading,
): CommandError {
  const { code, detail } = reading
  const cause = code ?? 'ERROR'
  if (saysNothing(reading)) {
    const message = `the exchange (${environmentStamp}) cannot be asked about the key: ${cause}: ${detail}; try again; ${NOT_STORED}`
    return new CommandError(EXIT.tryAgain, 'EXCHANGE_UNREACHABLE', message)
  }
  const what = failed.some((reading) => reading.what === 'key')
    ? 'does not accept the key'
    : `does not let the key read ${failed.map((reading) => reading.what).join(', ')}`
  const fix = FIXES[cause] ?? 'see account test'
  const message = `the exchange (${environmentStamp}) ${what}: ${detail}; ${fix}; ${NOT_STORED}`
  return new CommandError(EXIT.problem, cause, message)
}
