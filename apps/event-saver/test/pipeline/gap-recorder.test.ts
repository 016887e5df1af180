import {
  type CaptureGap,
  CHANNEL_DEFINITIONS,
  CHANNELS,
  type Channel,
  PRIVATE_CHANNELS,
} from '@grid/core-events'
import { describe, expect, it } from 'vitest'
import { GapRecorder, type RecordedGap } from '../../src/pipeline/gap-recorder.ts'

const T0 = 1_760_000_000_000

/** A gap of 10 s. */
function gapOf(channel: Channel): CaptureGap {
  const bounds = { startTs: T0, endTs: T0 + 10_000, reason: 'disconnect' } as const
  const isPrivate = PRIVATE_CHANNELS.some((name) => name === channel)
  const stream = isPrivate
    ? { channel, accountId: '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11' }
    : { channel, category: 'linear', symbol: 'BTCUSDT' }
  return { ...stream, ...bounds } as CaptureGap
}

function record(thresholdMs: number, ...gaps: readonly CaptureGap[]) {
  const kept: RecordedGap[] = []
  const recorder = new GapRecorder(thresholdMs, (gap) => kept.push(gap))
  for (const gap of gaps) recorder.record(gap)
  return { recorder, states: kept.map(({ state }) => state) }
}

describe('the state of a gap', () => {
  it.each(CHANNELS)('of %s is open only if the exchange keeps its history', (channel) => {
    const hasHistory = CHANNEL_DEFINITIONS[channel].history === 'all'
    const { states } = record(0, gapOf(channel))
    expect(states).toEqual([hasHistory ? 'open' : 'unrecoverable'])
  })

  it('below the threshold is ignored for market data, and never for accounts', () => {
    const { states } = record(10_001, gapOf('publicTrade'), gapOf('ticker'), gapOf('execution'))
    expect(states).toEqual(['ignored', 'ignored', 'open'])
  })
})

it('unrecoverable seconds count once where gaps of a stream overlap', () => {
  const gap = gapOf('ticker')
  const later = { ...gap, startTs: T0 + 5000, endTs: T0 + 15_000 }
  const { recorder } = record(0, gap, later, { ...gap, symbol: 'ETHUSDT' } as CaptureGap)
  expect(recorder.totals).toMatchObject({ unrecoverable: 3, unrecoverableSeconds: 25 })
})
