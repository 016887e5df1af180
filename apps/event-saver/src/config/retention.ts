import type { PartitionedTable } from '@grid/db'
import type { Config } from './config.ts'

/** How long days are kept, by table, in milliseconds; null keeps them. */
export type Retention = Readonly<Record<PartitionedTable, number | null>>

/** The configured retention of each table. */
export function retentionOf(
  config: Pick<Config, 'retentionPublicTrades' | 'retentionTickerSnapshots'>,
): Retention {
  return {
    public_trades: config.retentionPublicTrades,
    ticker_snapshots: config.retentionTickerSnapshots,
  }
}
