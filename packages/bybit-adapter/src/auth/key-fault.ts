import type { BybitAdapterErrorCode } from '../errors.ts'

/**
 * Why the exchange does not let a key in.
 *
 * | code | meaning |
 * |---|---|
 * | `API_KEY_INVALID` | no such key in this environment |
 * | `API_KEY_REVOKED` | the same, for a key that was let in before |
 * | `API_KEY_EXPIRED` | the key has expired |
 * | `SIGNATURE_INVALID` | the secret does not belong to the key |
 * | `PERMISSION_DENIED` | the key may read nothing of what is wanted |
 * | `IP_NOT_ALLOWED` | the key is bound to other addresses |
 * | `ACCOUNT_RESTRICTED` | the account is banned or restricted |
 * | `AUTH_REFUSED` | the exchange does not say why |
 */
export type KeyFaultCode =
  | 'API_KEY_INVALID'
  | 'API_KEY_REVOKED'
  | 'API_KEY_EXPIRED'
  | 'SIGNATURE_INVALID'
  | 'PERMISSION_DENIED'
  | 'IP_NOT_ALLOWED'
  | 'ACCOUNT_RESTRICTED'
  | 'AUTH_REFUSED'

const OF_ERRORS: ReadonlySet<string> = new Set<KeyFaultCode & BybitAdapterErrorCode>([
  'API_KEY_INVALID',
  'API_KEY_EXPIRED',
  'SIGNATURE_INVALID',
  'PERMISSION_DENIED',
  'IP_NOT_ALLOWED',
  'ACCOUNT_RESTRICTED',
  'AUTH_REFUSED',
])

const WORDS: readonly (readonly [pattern: RegExp, code: KeyFaultCode])[] = [
  [/invalid api ?key|api ?key is invalid/, 'API_KEY_INVALID'],
  [/key.*expired|expired.*key/, 'API_KEY_EXPIRED'],
  [/permission|not authori[sz]ed|unauthori[sz]ed/, 'PERMISSION_DENIED'],
  [/\bip\b/, 'IP_NOT_ALLOWED'],
  [/\bsign/, 'SIGNATURE_INVALID'],
]

/** What the code of a REST error says about the key; null if the key is not at fault. */
export function keyFaultOfCode(code: unknown): KeyFaultCode | null {
  return typeof code === 'string' && OF_ERRORS.has(code) ? (code as KeyFaultCode) : null
}

/** What the words of a refused login say about the key; null if they may also mean the clock. */
export function keyFaultOfWords(message: string): KeyFaultCode | null {
  const words = message.toLowerCase()
  return WORDS.find(([pattern]) => pattern.test(words))?.[1] ?? null
}
