import { BybitPublicStream } from '@grid/bybit-adapter'
import { startSimulator } from '@grid/bybit-sim'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT']

/** The topics of the recorded frames. */
export const RECORDED_TOPICS: readonly string[] = SYMBOLS.flatMap((symbol) => [
  `tickers.${symbol}`,
  `publicTrade.${symbol}`,
])

/** Frames as a linear socket sent them, in order, except that the tickers' snapshots come first. */
export async function recordFrames(forMs: number): Promise<readonly string[]> {
  const sim = await startSimulator({
    seed: 4,
    symbols: SYMBOLS,
    tradesPerSecond: 500,
    tickerIntervalMs: 20,
  })
  const stream = new BybitPublicStream({
    wsUrl: sim.wsUrl,
    category: 'linear',
    symbols: SYMBOLS,
    channels: ['ticker', 'publicTrade'],
  })
  const frames: string[] = []
  stream.on('frame', ({ bytes }) => frames.push(Buffer.from(bytes).toString()))
  await stream.start()
  await new Promise((resolve) => setTimeout(resolve, forMs))
  await stream.close()
  await sim.stop()
  const isSnapshot = (frame: string): boolean =>
    frame.startsWith('{"topic":"tickers.') && frame.includes('"type":"snapshot"')
  return [...frames.filter(isSnapshot), ...frames.filter((frame) => !isSnapshot(frame))]
}
