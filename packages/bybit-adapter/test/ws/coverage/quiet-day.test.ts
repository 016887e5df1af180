import { expect, onTestFinished, test, vi } from 'vitest'
import { tickerFrame, tradeFrame, wireTrade } from '../../support/frames.ts'
import { PaperSocket } from '../../support/paper-socket.ts'
import { WatchedStream } from '../../support/watched-stream.ts'

vi.mock('ws', async () => {
  const { PaperSocket } = await import('../../support/paper-socket.ts')
  return { WebSocket: PaperSocket }
})

const DAY_MS = 24 * 3_600_000

test('a quiet symbol beside a busy one costs no connection in 24 hours', async () => {
  const watched = new WatchedStream('ws://paper', {
    symbols: ['BUSY', 'QUIET'],
    channels: ['ticker', 'publicTrade'],
    timings: { rotateAfterMs: Number.POSITIVE_INFINITY },
  })
  onTestFinished(() => watched.stream.close())
  await watched.stream.start()
  const [socket] = PaperSocket.all
  for (let ms = 0; ms < DAY_MS; ms += 10_000) {
    const T = watched.clock.nowMs
    const at = { cs: T, ts: T }
    const price = String(ms)
    socket?.deliver(tradeFrame([wireTrade({ T, s: 'BUSY', i: `t${T}` })], 'BUSY'))
    socket?.deliver(tickerFrame({ lastPrice: price }, { ...at, symbol: 'BUSY' }))
    // A market without trades: its mark price moves, its rolling volume only shrinks.
    const still = { markPrice: price, volume24h: String(9 - ms / 1e10) }
    socket?.deliver(tickerFrame(still, { ...at, symbol: 'QUIET' }))
    watched.clock.advance(10_000)
  }
  expect(PaperSocket.all).toHaveLength(1)
  expect(watched.normalized.length).toBeGreaterThan(25_000)
  const told = new Set(watched.statuses.map(({ type }) => type))
  expect([...told].sort()).toEqual(['connecting', 'live', 'open', 'subscribed'])
})
