import { randomBytes } from 'node:crypto'
import type { AccountInfo, Simulator } from '@grid/bybit-sim'
import { Secret } from '@grid/core-events'
import {
  AccountRepository,
  EncryptionKeys,
  type GridDatabase,
  migrate,
  OperatorRepository,
} from '@grid/db'
import { type AccountsProof, compareAccounts } from '@grid/proof'
import type { Kysely } from 'kysely'

/** An account of the simulator, as it is in the database. */
export interface StoredAccount {
  readonly accountId: string
  readonly userId: string
  readonly uid: string
}

/** Accounts of a simulator in a migrated database. */
export class Tenants {
  /** Text for `EVENTSAVER_ENCRYPTION_KEYS`. */
  readonly keysText = `test:${randomBytes(32).toString('base64')}`
  readonly accounts: StoredAccount[] = []
  readonly repository: AccountRepository
  readonly #db: Kysely<GridDatabase>
  readonly #sim: Simulator

  private constructor(db: Kysely<GridDatabase>, sim: Simulator) {
    this.#db = db
    this.#sim = sim
    this.repository = new AccountRepository(db, { keys: EncryptionKeys.parse(this.keysText) })
  }

  static async prepare(db: Kysely<GridDatabase>, sim: Simulator): Promise<Tenants> {
    await migrate(db, { environment: `custom:${new URL(sim.wsUrl).hostname}` })
    return new Tenants(db, sim)
  }

  /** Settings of a saver that captures them. */
  get env(): Readonly<Record<string, string>> {
    return {
      EVENTSAVER_REST_URL: this.#sim.restUrl,
      EVENTSAVER_ENCRYPTION_KEYS: this.keysText,
      EVENTSAVER_SYMBOLS: 'BTCUSDT',
      EVENTSAVER_ACCOUNT_CATEGORIES: 'linear',
    }
  }

  /** Adds an account with a key; by default a new account of the simulator with its first key. */
  async add(
    username: string,
    accountName: string,
    account: AccountInfo = this.#sim.exchange.openAccount(),
    key: { readonly apiKey: string; readonly secret: string } | undefined = account.keys[0],
  ): Promise<StoredAccount> {
    if (key === undefined) throw new Error('the account has no key')
    const operator = new OperatorRepository(this.#db)
    const user = (await operator.getUserByName(username)) ?? (await operator.addUser({ username }))
    const { userId } = user
    const credential = { apiKey: key.apiKey, secret: new Secret(key.secret) }
    const { accountId } = await this.repository.add({ userId }, { accountName, credential })
    const stored = { accountId, userId, uid: account.uid }
    this.accounts.push(stored)
    return stored
  }

  /** Compares stored accounts with the simulator's books. */
  prove(
    accounts: readonly StoredAccount[] = this.accounts,
    db: Kysely<GridDatabase> = this.#db,
  ): Promise<AccountsProof> {
    const truths = accounts.map(({ accountId, uid }) => ({
      accountId,
      books: this.#sim.exchange.books(uid),
    }))
    return compareAccounts(db, truths)
  }
}
