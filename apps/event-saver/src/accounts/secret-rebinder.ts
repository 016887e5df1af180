import { type Clock, retry } from '@grid/core-events'
import type { OperatorRepository } from '@grid/db'
import { isWorthALine, type Logger, levelOf } from '../log/log.ts'
import { reasonOf } from '../log/reason.ts'

/** What binding secrets anew needs. */
export interface SecretRebinderOptions {
  readonly operator: Pick<OperatorRepository, 'rebindSecrets'>
  readonly clock: Clock
  readonly log: Logger
}

const BACKOFF = { baseMs: 1000, capMs: 60_000 }
const INSUFFICIENT_PRIVILEGE = '42501'
const REENCRYPT = 'run account reencrypt with a login that owns the tables'

/**
 * Writes the secrets anew that an older version stored, so that each is bound to its user, account,
 * environment, API key and key type. Tries again while the database is away; never rejects.
 */
export async function rebindOldSecrets(
  { operator, clock, log }: SecretRebinderOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { rebound, unreadable } = await retry(() => operator.rebindSecrets(), {
      clock,
      backoff: BACKOFF,
      signal,
      isRetryable: (error) => codeOf(error) !== INSUFFICIENT_PRIVILEGE,
      onRetry: (error, failures) => {
        if (failures === 0 || !isWorthALine(failures)) return
        const line = { code: 'SECRETS_NOT_REBOUND', failures, reason: reasonOf(error) }
        log[levelOf(failures)](line, 'cannot bind secrets of an older version anew, trying again')
      },
    })
    if (rebound > 0) log.info({ rebound }, 'bound secrets of an older version anew')
    if (unreadable === 0) return
    const line = { code: 'SECRETS_NOT_REBOUND', unreadable }
    log.warn(line, 'some secrets of an older version cannot be decrypted and stay as they are')
  } catch (error) {
    if (signal.aborted) return
    const line = { code: 'SECRETS_NOT_REBOUND', reason: reasonOf(error) }
    log.warn(line, `this login may not bind secrets of an older version anew: ${REENCRYPT}`)
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code
}
