// Run as its own process, which must end by itself once its streams are closed.
import { BybitPublicStream } from '../../src/index.ts'

const wsUrl = process.argv[2] ?? ''
const options = {
  category: 'linear',
  symbols: ['BTCUSDT'],
  channels: ['ticker', 'publicTrade'],
} as const

const useful = new BybitPublicStream({ ...options, wsUrl })
await useful.start()
await useful.close()

const hopeless = new BybitPublicStream({ ...options, wsUrl: 'ws://127.0.0.1:1' })
// Not awaited on purpose: an abort that nobody waits for must not be an unhandled rejection.
void hopeless.start()
await new Promise((resolve) => hopeless.on('status', resolve))
await hopeless.close()

console.log('closed')
