import { type GridDatabase, InstrumentRepository } from '@grid/db'
import type { Kysely } from 'kysely'
import type { WantedSymbols } from '../config/wanted-symbols.ts'
import { type Finding, well } from './finding.ts'

/** Tells up to when the database knows what each wanted category lists. */
export async function examineInstruments(
  db: Kysely<GridDatabase>,
  symbols: readonly WantedSymbols[],
): Promise<Finding[]> {
  const lists = await new InstrumentRepository(db).lastLists()
  return symbols.map(({ category }) => {
    const last = lists.find((list) => list.category === category)
    if (last === undefined) {
      return well(
        'INSTRUMENTS',
        `${category}: no list is recorded yet, a running saver records one`,
      )
    }
    const at = new Date(last.exchangeTs).toISOString()
    const detail = `${category}: ${last.instruments} instruments, known up to ${at} (${last.collector})`
    return well('INSTRUMENTS', detail)
  })
}
