import { expect, onTestFinished, test, vi } from 'vitest'
import { tickerFrame } from '../../support/frames.ts'
import { PaperSocket } from '../../support/paper-socket.ts'
import { WatchedStream } from '../../support/watched-stream.ts'

vi.mock('ws', async () => {
  const { PaperSocket } = await import('../../support/paper-socket.ts')
  return { WebSocket: PaperSocket }
})

test('of a symbol that is wanted no longer nothing is remembered', async () => {
  const watched = new WatchedStream('ws://paper', {
    symbols: ['STAYS', 'GOES'],
    channels: ['ticker'],
  })
  onTestFinished(() => watched.stream.close())
  await watched.stream.start()
  const [socket] = PaperSocket.all
  const eventsOfDelta = (symbol: string): number => {
    watched.clock.advance(1000)
    const T = watched.clock.nowMs
    socket?.deliver(tickerFrame({ lastPrice: '2' }, { cs: T, ts: T, symbol }))
    return watched.normalized.at(-1)?.events.length ?? -1
  }
  expect(eventsOfDelta('GOES')).toBe(1)
  watched.stream.setSymbols(['STAYS'])
  // A delta without a snapshot before it is no event.
  expect(eventsOfDelta('GOES')).toBe(0)
  expect(eventsOfDelta('STAYS')).toBe(1)
})
