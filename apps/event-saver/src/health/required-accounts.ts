import type { AccountStatus } from '../accounts/account-status.ts'

/** Stands for every enabled account. */
const ALL = '*'

/** The accounts as they are captured. */
export interface CapturedAccounts {
  /** What readiness requires: names, or `*`; undefined for none. */
  readonly required: readonly string[] | undefined
  readonly statuses: readonly Pick<AccountStatus, 'accountName' | 'state' | 'code'>[]
  /** Whether it is known which accounts are enabled. */
  readonly areKnown: boolean
}

/**
 * Says which required accounts cannot be captured: their key is refused, they have no usable one, or they are not
 * enabled; null for none. One that is connecting has topics that are pending, which another check tells.
 */
export function requiredAccountsFault(accounts: CapturedAccounts): string | null {
  const { areKnown, required = [], statuses } = accounts
  const isAll = required.includes(ALL)
  const names = required.filter((name) => name !== ALL)
  const bad = statuses
    .filter(({ accountName }) => isAll || names.includes(accountName))
    .filter(({ state }) => state === 'refused' || state === 'unusable')
    .map(({ accountName, state, code }) => `${accountName} is ${state} (${code})`)
  const missing = names
    .filter((name) => areKnown && statuses.every(({ accountName }) => accountName !== name))
    .map((name) => `${name} is not enabled`)
  const faults = [...bad, ...missing]
  return faults.length === 0 ? null : faults.join(', ')
}
