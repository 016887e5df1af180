import { expect, onTestFinished, test, vi } from 'vitest'
import { PaperSocket } from '../../support/paper-socket.ts'
import { goodKey, WatchedAccount } from '../../support/private-hand.ts'
import { signedHand } from '../../support/signed-hand.ts'

vi.mock('ws', async () => {
  const { PaperSocket } = await import('../../support/paper-socket.ts')
  return { WebSocket: PaperSocket }
})

const DAY_MS = 24 * 3_600_000

test('an account that does nothing for a day costs no connection, and its gap is short', async () => {
  const watched = new WatchedAccount('ws://paper', await signedHand(goodKey), {
    // Checking the key needs a network, which this test does without.
    timings: { keyCheckMs: Number.POSITIVE_INFINITY },
  })
  const { clock, stream } = watched
  onTestFinished(() => stream.close())
  await stream.start()
  clock.advance(DAY_MS)
  expect(watched.all('connecting')).toHaveLength(1)
  expect(watched.all('stale')).toEqual([])
  const closedMs = clock.nowMs
  PaperSocket.all[0]?.terminate()
  await watched.told('closed')
  clock.advance(500)
  await watched.told('live', 8)
  const backMs = clock.nowMs
  clock.advance(5_000)
  expect(watched.all('gap').map(({ gap }) => gap.channel)).toEqual([
    'execution',
    'order',
    'position',
    'wallet',
  ])
  for (const { gap } of watched.all('gap')) {
    // From the last pong on: pings are 20 s apart.
    expect(gap.startTs).toBeGreaterThanOrEqual(closedMs - 25_000)
    expect(gap.startTs).toBeLessThanOrEqual(closedMs - 5_000)
    expect(gap).toMatchObject({ endTs: backMs + 5_000, reason: 'disconnect' })
  }
})
