import type { Credentials } from '@grid/bybit-adapter'
import type { Credential } from '@grid/db'

/** A stored key as the exchange's clients take it. */
export function credentialsOf({
  apiKey,
  keyType,
  secret,
}: Pick<Credential, 'apiKey' | 'keyType' | 'secret'>): Credentials {
  return keyType === 'rsa' ? { apiKey, privateKey: secret } : { apiKey, secret }
}
