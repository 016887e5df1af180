import { createCipheriv, randomBytes } from 'node:crypto'

/** A secret as version 1 stored it: bound to its credential and account only. */
export function sealedAsVersion1(
  { credentialId, accountId }: { readonly credentialId: string; readonly accountId: string },
  secret: string,
  key: { readonly keyId: string; readonly byte: number },
): { readonly keyId: string; readonly bytes: Uint8Array } {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', Buffer.alloc(32, key.byte), nonce)
  cipher.setAAD(Buffer.from(`grid api credential ${credentialId} of account ${accountId}`))
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
  const bytes = Buffer.concat([Uint8Array.of(1), nonce, text, cipher.getAuthTag()])
  return { keyId: key.keyId, bytes }
}
