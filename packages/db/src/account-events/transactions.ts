import type { Kysely } from 'kysely'
import type { GridDatabase } from '../schema/database.ts'
import { type AccountTransaction, TRANSACTIONS } from '../tables/account/transactions.ts'
import { AccountEventRepository } from './account-event-repository.ts'

/**
 * Stores and reads the ledgers of accounts, table `account_transactions`, in the order of exchange
 * time, currency, type and ids.
 *
 * @example
 * const { inserted } = await new AccountTransactionRepository(db).bulkInsert(entries)
 */
export class AccountTransactionRepository extends AccountEventRepository<AccountTransaction> {
  /** Works on a database or within a transaction. */
  constructor(db: Kysely<GridDatabase>) {
    super(db, TRANSACTIONS, 'symbol')
  }
}
