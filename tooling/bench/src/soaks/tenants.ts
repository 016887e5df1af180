import { randomBytes } from 'node:crypto'
import type { SimulatorProcess } from '@grid/bybit-sim'
import { Secret } from '@grid/core-events'
import {
  AccountRepository,
  createDatabase,
  EncryptionKeys,
  migrate,
  OperatorRepository,
} from '@grid/db'

/** An account of the simulator, with its id in the database. */
export interface Tenant {
  readonly uid: string
  readonly accountId: string
}

/** Accounts of several users, added to a database. */
export interface Tenants {
  readonly tenants: readonly Tenant[]
  /** The environment variables with which a saver captures them. */
  readonly env: Readonly<Record<string, string>>
}

/** Opens accounts at a simulator and adds them to a database, spread evenly over the users. */
export async function addTenants(
  simulator: SimulatorProcess,
  databaseUrl: string,
  { accounts, users }: { readonly accounts: number; readonly users: number },
): Promise<Tenants> {
  const keys = `soak:${randomBytes(32).toString('base64')}`
  const db = createDatabase({ url: databaseUrl })
  try {
    await migrate(db, { environment: `custom:${new URL(simulator.wsUrl).hostname}` })
    const operator = new OperatorRepository(db)
    const repository = new AccountRepository(db, { keys: EncryptionKeys.parse(keys) })
    const owners = []
    for (let user = 0; user < users; user++) {
      owners.push(await operator.addUser({ username: `user${user}` }))
    }
    const tenants: Tenant[] = []
    for (let index = 0; index < accounts; index++) {
      const owner = owners[index % users]
      const { uid, keys: apiKeys } = await simulator.exchange('openAccount', {})
      const [key] = apiKeys
      if (owner === undefined || key === undefined) throw new Error('an account without a key')
      const { accountId } = await repository.add(owner, {
        accountName: `account${index}`,
        credential: { apiKey: key.apiKey, secret: new Secret(key.secret) },
      })
      tenants.push({ uid, accountId })
    }
    const env = {
      EVENTSAVER_WS_URL: simulator.wsUrl,
      EVENTSAVER_REST_URL: simulator.restUrl,
      EVENTSAVER_DATABASE_URL: databaseUrl,
      EVENTSAVER_ENCRYPTION_KEYS: keys,
      EVENTSAVER_ACCOUNT_CATEGORIES: 'linear',
    }
    return { tenants, env }
  } finally {
    await db.destroy()
  }
}
