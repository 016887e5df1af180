import { HashedLookup } from './hashed-lookup.ts'
import { stepSymbolsSql } from './plain-lookup.ts'
import { FORM_COLUMN, ROW_FORM } from './row-form.ts'

/** SQL condition of the rows at which a search for what others build on begins. */
export const IS_BASE: string = `${FORM_COLUMN.name} = ${ROW_FORM.base}`

/**
 * Finds the rows of a table whose rows may leave values to the rows before them: all of them by hashes,
 * and the bases among them by an index of plain columns, which holds few.
 */
export class BasedLookup extends HashedLookup {
  override readonly baseIndex: string = `(category, symbol, exchange_ts) where ${IS_BASE}`

  /** An instrument's first row of a day is a base. */
  override symbols(table: string): string {
    return stepSymbolsSql(table, `and ${IS_BASE}`)
  }
}
