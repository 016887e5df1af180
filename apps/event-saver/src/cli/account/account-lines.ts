import type { Account, CredentialInfo } from '@grid/db'
import { plainText } from '../plain-text.ts'
import type { KeyReport } from './check-key.ts'
import type { NamedAccount } from './manage-accounts.ts'

/** An account as a line. */
export function accountLine(account: NamedAccount): string {
  const { username, accountName, accountId, environment, status } = account
  return plainText(`${username}/${accountName}  ${status}  ${environment}  ${accountId}`)
}

/** A line about an account whose row names another environment than the database. */
export function strayLine({ accountName, accountId, environment }: Account): string {
  return `account ${plainText(accountName)} (${accountId}) is not listed and not captured: its row was given environment ${environment}; set it back, or remove the account and add it again`
}

/** A key as a line, without its secret. */
export function credentialLine(credential: CredentialInfo): string {
  const { apiKey, keyType, isActive, encryptionKeyId, createdAt } = credential
  const state = isActive ? `active, encrypted with ${encryptionKeyId}` : 'replaced'
  return `  key ${apiKey}  ${keyType}  ${state}  since ${new Date(createdAt).toISOString()}`
}

/** A key report as lines. */
export function reportLines({ apiKey, info, readings }: KeyReport): string[] {
  const lines = [`key ${apiKey}`]
  if (info !== null) {
    const { userId, isReadOnly, permissions, ips, expiredAt } = info
    // The exchange gives 1970 for a key that does not expire.
    const end = expiredAt === null || expiredAt.startsWith('1970-') ? 'never' : expiredAt
    const granted = Object.entries(permissions).filter(([, names]) => names.length > 0)
    lines.push(
      `user ${userId}, ${isReadOnly ? 'read-only' : 'read and write'}, expires ${end}`,
      ...granted.map(([group, names]) => `may ${group}: ${names.join(', ')}`),
      `from ${ips.length === 0 ? 'nowhere' : ips.join(', ')}`,
    )
  }
  const readable = readings.map(({ what, ok, code, detail }) =>
    ok ? `ok   ${what}` : `FAIL ${what}: ${code}: ${detail}`,
  )
  return [...lines, ...readable].map(plainText)
}
