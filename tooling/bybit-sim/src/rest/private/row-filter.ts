import type { Instrument } from '../../market/instrument.ts'
import type { Query } from '../request/query.ts'

/** Whether a request asks for an instrument: by its symbol, or else by its coins. */
export function isAskedFor(instrument: Instrument, query: Query): boolean {
  const symbol = query.text('symbol')
  if (symbol !== '') return instrument.symbol === symbol
  const baseCoin = query.text('baseCoin') || (instrument.category === 'option' ? 'BTC' : '')
  const settleCoin = query.text('settleCoin')
  return (
    (baseCoin === '' || instrument.baseCoin === baseCoin) &&
    (settleCoin === '' || instrument.settleCoin === settleCoin)
  )
}
