import { type SimulatorProcess, type SymbolTotals, TradeDigest } from '@grid/bybit-sim'
import { createDatabase, PublicTradeRepository } from '@grid/db'

const EVER = { from: Date.UTC(2019, 0, 1), to: Date.UTC(2100, 0, 1) }

/** The comparison of a database with the simulator's sums. */
export interface Verification {
  readonly sent: number
  readonly stored: number
  /** Symbols whose rows differ from what was sent, in any column. */
  readonly wrong: readonly string[]
}

/** Compares, for each symbol, the digest of all columns of every stored trade with the simulator's. */
export async function verifyTrades(
  databaseUrl: string,
  totals: Iterable<SymbolTotals>,
): Promise<Verification> {
  const db = createDatabase({ url: databaseUrl })
  const trades = new PublicTradeRepository(db)
  let sent = 0
  let stored = 0
  const wrong: string[] = []
  try {
    for (const { symbol, trades: expected } of totals) {
      const digest = new TradeDigest()
      for await (const row of trades.range({ category: 'linear', symbol, ...EVER })) digest.add(row)
      sent += expected.sent
      stored += digest.count
      if (digest.count !== expected.sent || digest.value !== expected.digest) wrong.push(symbol)
    }
  } finally {
    await db.destroy()
  }
  return { sent, stored, wrong }
}

/** The simulator's sums of every symbol. */
export async function symbolTotals(simulator: SimulatorProcess): Promise<SymbolTotals[]> {
  const totals: SymbolTotals[] = []
  for await (const item of simulator.truthItems()) if (item.kind === 'symbol') totals.push(item)
  return totals
}
