import { type ApiKeyInfo, BybitPrivateRestClient } from '@grid/bybit-adapter'
import type { Category } from '@grid/core-events'
import type { Credential } from '@grid/db'
import { accountHostsFault } from '../../accounts/rest/account-hosts.ts'
import { credentialsOf } from '../../accounts/rest/credentials-of.ts'
import type { Config } from '../../config/config.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import { reasonOf } from '../../log/reason.ts'

/** Whether the key can read something that capturing needs. */
export interface Reading {
  readonly what: string
  /** Null for what is of no category. */
  readonly category: Category | null
  readonly ok: boolean
  /** Stable code of what is wrong; null when nothing is. */
  readonly code: string | null
  readonly detail: string
  /** Whether what is wrong may pass, and says nothing about the key. */
  readonly isPassing: boolean
}

/** What an account's key may do. */
export interface KeyReport {
  /** The public part of the key. */
  readonly apiKey: string
  /** The exchange's answer about the key; null when it gave none. */
  readonly info: ApiKeyInfo | null
  readonly readings: readonly Reading[]
  /** What the key may do beyond capturing, and when it will expire. */
  readonly warnings: readonly string[]
}

/** What must be named to ask for a list of the present of a category: what is open or held of it. */
const NAMED = {
  linear: { settleCoin: 'USDT' },
  inverse: {},
  spot: {},
  option: { baseCoin: 'BTC' },
} as const satisfies Record<Category, object>

/** Asks the exchange what a key may do, and reads one page of each list that capturing reads, in each category. */
export async function checkKey(
  config: Pick<Config, 'accountCategories' | 'environment' | 'plainAccounts' | 'restUrl' | 'wsUrl'>,
  credential: Pick<Credential, 'accountId' | 'apiKey' | 'keyType' | 'secret'>,
): Promise<KeyReport> {
  const { apiKey, accountId } = credential
  const { environment, restUrl } = config
  const fault = accountHostsFault(config)
  if (fault !== null) throw new CommandError(EXIT.configuration, fault.code, fault.message)
  const client = new BybitPrivateRestClient({
    accountId,
    credentials: credentialsOf(credential),
    environment,
    ...(restUrl === undefined ? {} : { restUrl }),
  })
  let info: ApiKeyInfo | null = null
  const readings = [
    await read('key', null, async () => {
      info = await client.apiKeyInfo()
    }),
  ]
  if (readings[0]?.ok !== true) return { apiKey, info, readings, warnings: [] }
  readings.push(await read('wallet', null, () => client.walletBalance()))
  for (const category of config.accountCategories) {
    const scope = { category, ...NAMED[category], limit: 1 }
    if (category !== 'spot') {
      const positions = { ...scope, category }
      readings.push(await read('positions', category, () => firstOf(client.positions(positions))))
    }
    const executions = category === 'option' ? scope : { category, limit: 1 }
    readings.push(
      await read('orders', category, () => firstOf(client.openOrders(scope))),
      await read('executions', category, () => firstOf(client.executions(executions))),
    )
  }
  return { apiKey, info, readings, warnings: info === null ? [] : warningsOf(info) }
}

async function read(
  list: string,
  category: Category | null,
  ask: () => Promise<unknown>,
): Promise<Reading> {
  const what = category === null ? list : `${category} ${list}`
  try {
    await ask()
    return { what, category, ok: true, code: null, detail: 'readable', isPassing: false }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'ERROR'
    const isPassing = (error as { readonly retryable?: unknown }).retryable === true
    return { what, category, ok: false, code, detail: reasonOf(error), isPassing }
  }
}

async function firstOf(pages: AsyncIterable<unknown>): Promise<void> {
  for await (const _page of pages) return
}

/** Groups of permissions that cannot trade. */
const HARMLESS = new Set(['Wallet', 'Affiliate', 'BlockTrade'])
const MOVES_MONEY = ['Withdraw', 'AccountTransfer', 'SubMemberTransfer', 'SubMemberTransferList']
const SOON_DAYS = 14

function warningsOf({ isReadOnly, permissions, ips, deadlineDay }: ApiKeyInfo): string[] {
  const warnings: string[] = []
  if (!isReadOnly) {
    const trading = Object.entries(permissions).filter(
      ([group, granted]) => granted.length > 0 && !HARMLESS.has(group),
    )
    const names = trading.map(([group, granted]) => `${group} (${granted.join(', ')})`)
    if (names.length > 0) {
      warnings.push(`the key can trade: ${names.join(', ')}; capturing needs a read-only key`)
    }
    const money = (permissions['Wallet'] ?? []).filter((name) => MOVES_MONEY.includes(name))
    if (money.includes('Withdraw')) warnings.push('the key can withdraw: replace it at once')
    else if (money.length > 0) warnings.push(`the key can move money: ${money.join(', ')}`)
  }
  if (ips.includes('*'))
    warnings.push('the key is bound to no address: whoever learns it can use it')
  if (deadlineDay !== null && deadlineDay >= 0 && deadlineDay <= SOON_DAYS) {
    warnings.push(`the key expires in ${deadlineDay} days: rotate it before`)
  }
  return warnings
}
