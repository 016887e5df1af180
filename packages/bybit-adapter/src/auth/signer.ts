import { createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto'
import type { Secret } from '@grid/core-events'
import { apiKeyOf, type Credentials, invalid, secretText, textOf } from './credentials.ts'

/** Signs texts as the exchange requires; it shows nothing of the credentials but the API key's name. */
export interface Signer {
  readonly apiKey: string
  /** Lower-case hex for HMAC keys, base64 for RSA keys. */
  sign(text: string): string
}

/**
 * Makes the signer for credentials; throws `INVALID_OPTION`, without showing them.
 *
 * @example
 * createSigner({ apiKey: 'K', secret: 'S' }).sign('GET/realtime1760000000000')
 */
export function createSigner(credentials: Credentials): Signer {
  const apiKey = apiKeyOf(credentials)
  if ('privateKey' in credentials) {
    const key = rsaKey(credentials.privateKey)
    return { apiKey, sign: (text) => sign('RSA-SHA256', Buffer.from(text), key).toString('base64') }
  }
  const secret = secretText('credentials.secret', credentials.secret)
  return { apiKey, sign: (text) => createHmac('sha256', secret).update(text).digest('hex') }
}

function rsaKey(pem: Secret | string): KeyObject {
  const option = 'credentials.privateKey'
  const text = textOf(option, pem)
  let key: KeyObject | null = null
  try {
    key = createPrivateKey(text)
  } catch {
    // No cause is kept: nothing that a parser says about a key may be shown.
  }
  if (key?.asymmetricKeyType === 'rsa') return key
  throw invalid(option, 'must be an RSA private key as PEM, not encrypted')
}

/**
 * The text that a socket's login signs.
 *
 * @param expiresMs until when the exchange may read it, in epoch milliseconds of its own clock
 */
export function socketPayload(expiresMs: number): string {
  return `GET/realtime${expiresMs}`
}

/**
 * The text that a REST request signs: `content` is the query without `?`, or the body, exactly as sent.
 */
export function restPayload(
  timestampMs: number,
  apiKey: string,
  recvWindowMs: number,
  content: string,
): string {
  return `${timestampMs}${apiKey}${recvWindowMs}${content}`
}
