import type { BybitRestClient } from '@grid/bybit-adapter'
import type { WantedSymbols } from '../config/wanted-symbols.ts'
import { reasonOf } from '../log/reason.ts'
import { isTraded, TradingInstruments } from '../market/trading-instruments.ts'
import { type Finding, problem, well } from './finding.ts'

/** Checks that every wanted instrument of a category trades or is about to. */
export async function examineSymbols(
  client: BybitRestClient,
  { category, all, names }: WantedSymbols,
): Promise<Finding> {
  try {
    const { items, end, isWhole } = await new TradingInstruments(client, category).read()
    const traded = items.filter((instrument) => isTraded(instrument))
    if (end !== 'last_page' || traded.length === 0) {
      throw new Error(traded.length === 0 ? 'it is empty' : `it ended early (${end})`)
    }
    const trading = new Set(traded.map(({ symbol }) => symbol))
    const unknown = names.filter((name) => !trading.has(name))
    if (all && !isWhole) {
      const coins = [...new Set(traded.map(({ baseCoin }) => baseCoin))].join(', ')
      const detail = `${category}: the exchange lists ${trading.size} instruments of ${coins} and does not say whether there are others`
      return problem('SYMBOLS', detail, 'others are not captured by *')
    }
    if (all || unknown.length === 0) {
      const what = all ? `all ${trading.size}` : `${names.length}`
      return well('SYMBOLS', `${category}: ${what} wanted instruments trade`)
    }
    const detail = `${category}: ${unknown.slice(0, 10).join(', ')} ${unknown.length === 1 ? 'does' : 'do'} not trade (${trading.size} do)`
    return problem('SYMBOLS', detail, 'correct EVENTSAVER_SYMBOLS; the topics would be refused')
  } catch (error) {
    const detail = `${category}: the list of instruments cannot be read: ${reasonOf(error)}`
    return problem('SYMBOLS', detail, 'see EXCHANGE_HOST')
  }
}
