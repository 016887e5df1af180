import { type GridDatabase, OperatorRepository } from '@grid/db'
import type { Kysely } from 'kysely'
import { accountHostsFault } from '../accounts/rest/account-hosts.ts'
import type { Config } from '../config/config.ts'
import { type Finding, problem, well } from './finding.ts'

/** Checks that the enabled accounts can be captured: their secrets can be decrypted, and the hosts are theirs. */
export async function examineAccounts(
  db: Kysely<GridDatabase>,
  config: Config,
): Promise<Finding[]> {
  const keys = config.encryptionKeys ?? null
  const accounts = await new OperatorRepository(db, { keys }).allEnabledAccounts()
  const count = accounts.length === 1 ? '1 enabled account' : `${accounts.length} enabled accounts`
  if (accounts.length === 0) return []
  const hosts = accountHostsFault(config)
  if (hosts !== null) {
    const detail = `${count} cannot be captured from these hosts (${hosts.code})`
    return [problem('ACCOUNTS', detail, hosts.message)]
  }
  const faults = accounts.flatMap(({ accountId, fault }) =>
    fault === null ? [] : [problem('ACCOUNTS', `account ${accountId}: ${fault.message}`, MEND)],
  )
  if (faults.length > 0) return faults
  const detail = `${count} can be read; cannot see here whether the exchange takes the keys: event-saver account test`
  return [well('ACCOUNTS', detail)]
}

const MEND =
  'set EVENTSAVER_ENCRYPTION_KEYS to the keys of the saver that stored it, or give it another key with event-saver account rotate'
