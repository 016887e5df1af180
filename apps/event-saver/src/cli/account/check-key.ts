import { type ApiKeyInfo, BybitPrivateRestClient } from '@grid/bybit-adapter'
import type { Credential } from '@grid/db'
import { accountHostsFault } from '../../accounts/rest/account-hosts.ts'
import { credentialsOf } from '../../accounts/rest/credentials-of.ts'
import type { Config } from '../../config/config.ts'
import { CommandError, EXIT } from '../../exit-code.ts'
import { reasonOf } from '../../log/reason.ts'

/** Whether the key can read something that capturing needs. */
export interface Reading {
  readonly what: string
  readonly ok: boolean
  /** Stable code of what is wrong; null when nothing is. */
  readonly code: string | null
  readonly detail: string
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

/** Asks the exchange what a key may do, and reads one page of each list that capturing reads. */
export async function checkKey(
  config: Pick<Config, 'environment' | 'plainAccounts' | 'restUrl' | 'wsUrl'>,
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
    await read('key', async () => {
      info = await client.apiKeyInfo()
    }),
  ]
  const isKnown = readings[0]?.ok === true
  if (isKnown) {
    const scope = { category: 'linear', settleCoin: 'USDT', limit: 1 } as const
    readings.push(
      await read('wallet', () => client.walletBalance()),
      await read('positions', () => firstOf(client.positions(scope))),
      await read('orders', () => firstOf(client.openOrders(scope))),
      await read('executions', () => firstOf(client.executions({ category: 'linear', limit: 1 }))),
    )
  }
  return { apiKey, info, readings, warnings: info === null ? [] : warningsOf(info) }
}

async function read(what: string, ask: () => Promise<unknown>): Promise<Reading> {
  try {
    await ask()
    return { what, ok: true, code: null, detail: 'readable' }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'ERROR'
    return { what, ok: false, code, detail: reasonOf(error) }
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
