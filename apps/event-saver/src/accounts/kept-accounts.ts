import type { Clock } from '@grid/core-events'
import type { SealedAccount } from '@grid/db'
import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { databaseName } from '../config/pg-variables.ts'
import type { Logger } from '../log/log.ts'
import { KeptFile } from '../storage/kept-file.ts'

const ACCOUNTS: z.ZodType<readonly SealedAccount[]> = z.array(
  z.strictObject({
    accountId: z.guid(),
    userId: z.guid(),
    accountName: z.string(),
    environment: z.string(),
    status: z.literal('enabled'),
    createdAt: z.number(),
    removedAt: z.null(),
    credential: z
      .strictObject({
        credentialId: z.guid(),
        accountId: z.guid(),
        apiKey: z.string(),
        keyType: z.enum(['hmac', 'rsa']),
        isActive: z.literal(true),
        encryptionKeyId: z.string().nullable(),
        createdAt: z.number(),
        rotatedAt: z.number().nullable(),
        sealedSecret: z.base64(),
      })
      .nullable(),
  }),
)

/**
 * The enabled accounts as the database last had them, secrets encrypted as there. Those of another database
 * are never used: they belong to others.
 */
export function keptAccounts(
  config: Pick<Config, 'databaseUrl' | 'dataDir' | 'environmentStamp'>,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): KeptFile<readonly SealedAccount[]> {
  const about = {
    environment: config.environmentStamp,
    database: databaseName(config.databaseUrl, process.env),
  }
  return new KeptFile({ config, name: 'accounts', about, schema: ACCOUNTS, clock, log })
}
