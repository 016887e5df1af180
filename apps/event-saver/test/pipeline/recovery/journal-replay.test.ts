import { FrameReplayer } from '@grid/bybit-adapter'
import type { JsonValue } from '@grid/core-events'
import { expect, it } from 'vitest'
import type { JournalItem } from '../../../src/journal/format/items.ts'
import { JournalReplay } from '../../../src/pipeline/recovery/journal-replay.ts'

const NOW = Date.now()
const ORIGIN = {
  source: 'ws',
  category: 'linear',
  accountId: null,
  connection: 3,
  predecessor: null,
} as const

function tickerBytes(type: 'snapshot' | 'delta', cs: number, data: object): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      topic: 'tickers.BTCUSDT',
      type,
      data: { symbol: 'BTCUSDT', ...data },
      cs,
      ts: NOW + cs,
    }),
  )
}

const SNAPSHOT = tickerBytes('snapshot', 1, { lastPrice: '1', markPrice: '2' })
const DELTA = tickerBytes('delta', 2, { lastPrice: '3' })

it('reads deltas from the checkpoint at which reading begins, and after a hole from the next', () => {
  const first = new FrameReplayer({ category: 'linear' })
  first.normalize({ bytes: SNAPSHOT, localTsUs: NOW * 1000, connection: ORIGIN.connection })
  const [{ sharesWith, state } = { sharesWith: null, state: null }] = first.checkpoint()
  const placed = { position: 1, localTsUs: NOW * 1000, isState: false }
  const checkpoint: JournalItem = {
    kind: 'checkpoint',
    connection: 7,
    origin: ORIGIN,
    state: { sharesWith, state } as unknown as JsonValue,
    ...placed,
  }
  const frame = (bytes: Uint8Array): JournalItem => ({
    kind: 'frame',
    connection: 7,
    index: 0,
    bytes,
    ...placed,
  })
  const replay = new JournalReplay({})
  expect(replay.read(checkpoint)).toBeNull()
  expect(replay.read(frame(DELTA))?.events).toMatchObject([{ lastPrice: '3', markPrice: '2' }])
  expect(replay.isSure).toBe(true)

  replay.read({ kind: 'hole', from: 2, cause: 'corrupt', lastGoodUs: null, ...placed })
  expect(replay.read(frame(DELTA))?.discarded).toMatchObject([{ reason: 'delta_before_snapshot' }])
  expect(replay.isSure).toBe(false)
  // A whole state makes no connection sure of what came before it, such as the places of trades.
  replay.read(frame(SNAPSHOT))
  expect(replay.isSure).toBe(false)
  replay.read(checkpoint)
  expect(replay.read(frame(DELTA))?.events).toHaveLength(1)
  expect(replay.isSure).toBe(true)
})
