import { createRequire } from 'node:module'
import { DefaultLogger, WebsocketClient } from 'bybit-api'

/** Receives every topic from a server until the trade with the last id. */
export type Client = (baseUrl: string, topics: readonly string[], lastId: string) => Promise<void>

const silent: typeof DefaultLogger = {
  ...DefaultLogger,
  trace: () => {},
  info: () => {},
  error: () => {},
}

/** `bybit-api`: gives out parsed frames. */
export const bybitApi: Client = async (baseUrl, topics, lastId) => {
  const client = new WebsocketClient({ wsUrl: `${baseUrl}/v5/public/linear` }, silent)
  const done = new Promise<void>((resolve) => {
    client.on('update', ({ data }: { data: { readonly i?: string }[] }) => {
      if (Array.isArray(data) && data[0]?.i === lastId) resolve()
    })
  })
  client.on('exception', () => {})
  void client.subscribeV5([...topics], 'linear')
  await done
  client.closeAll(true)
}

interface Tardis {
  streamNormalized(
    options: object,
    ...normalizers: unknown[]
  ): AsyncIterable<{ readonly type: string; readonly id?: string }>
  readonly normalizeTrades: unknown
  readonly normalizeDerivativeTickers: unknown
}

interface CcxtExchange {
  urls: { api: { ws: { public: { linear: string } } } }
  loadHttpProxyAgent(): Promise<unknown>
  setMarkets(markets: readonly object[]): void
  watchTradesForSymbols(symbols: readonly string[]): Promise<{ readonly id: string }[]>
  watchTickers(symbols: readonly string[]): Promise<unknown>
  close(): Promise<void>
}

interface Ccxt {
  readonly pro: { readonly bybit: new (options: object) => CcxtExchange }
}

/**
 * Clients that are too large to depend on, if the folder that `GRID_BENCH_CLIENTS` names has them
 * (run `npm install tardis-dev ccxt` there).
 */
export function installedClients(): readonly (readonly [string, Client])[] {
  const folder = process.env['GRID_BENCH_CLIENTS']
  if (folder === undefined) return []
  const load = createRequire(`${folder}/package.json`)
  return [
    ['tardis-dev', tardis(load)],
    ['ccxt', ccxt(load)],
  ]
}

function tardis(load: NodeJS.Require): Client {
  return async (baseUrl, topics, lastId) => {
    process.env['WSS_URL_BYBIT'] = `${baseUrl}/v5/public/linear`
    const { streamNormalized, normalizeTrades, normalizeDerivativeTickers }: Tardis =
      load('tardis-dev')
    const options = { exchange: 'bybit', symbols: symbolsOf(topics) }
    const messages = streamNormalized(options, normalizeTrades, normalizeDerivativeTickers)
    for await (const { type, id } of messages) if (type === 'trade' && id === lastId) return
  }
}

function ccxt(load: NodeJS.Require): Client {
  return async (baseUrl, topics, lastId) => {
    const { pro }: Ccxt = load('ccxt')
    const exchange = new pro.bybit({ newUpdates: true })
    // Without this, ccxt refuses addresses with plain ws.
    await exchange.loadHttpProxyAgent()
    exchange.urls.api.ws.public.linear = `${baseUrl}/v5/public/linear`
    const symbols = symbolsOf(topics)
    exchange.setMarkets(symbols.map(ccxtMarket))
    const names = symbols.map(ccxtName)
    let isOver = false
    const tickers = async (): Promise<void> => {
      while (!isOver) await exchange.watchTickers(names)
    }
    tickers().catch(() => {})
    while (!isOver) {
      const trades = await exchange.watchTradesForSymbols(names)
      isOver = trades.some(({ id }) => id === lastId)
    }
    await exchange.close()
  }
}

function symbolsOf(topics: readonly string[]): string[] {
  return [...new Set(topics.map((topic) => topic.slice(topic.indexOf('.') + 1)))]
}

function ccxtName(symbol: string): string {
  return `${symbol.replace('USDT', '')}/USDT:USDT`
}

function ccxtMarket(id: string): object {
  const base = id.replace('USDT', '')
  return {
    id,
    symbol: ccxtName(id),
    base,
    quote: 'USDT',
    settle: 'USDT',
    baseId: base,
    quoteId: 'USDT',
    settleId: 'USDT',
    type: 'swap',
    spot: false,
    swap: true,
    future: false,
    option: false,
    contract: true,
    linear: true,
    inverse: false,
    active: true,
    precision: { amount: 0.001, price: 0.01 },
    limits: {},
    info: {},
  }
}
