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

it('unrecoverable seconds count whatever the order in which gaps are told', () => {
  const gap = gapOf('ticker')
  const at = (start: number, end: number) => ({ ...gap, startTs: T0 + start, endTs: T0 + end })
  // A connection was lost while items were dropped, which is told when it ends.
  const { recorder } = record(0, at(300_000, 305_000), at(100_000, 400_000), at(0, 20_000))
  expect(recorder.totals.unrecoverableSeconds).toBe(320)
})

it('the totals and the latest gaps tell what a repair made of a gap', () => {
  const gap = gapOf('publicTrade')
  const { recorder } = record(0, gap, gapOf('execution'))
  expect(recorder.totals).toMatchObject({ open: 2, partial: 0 })
  recorder.change(gapOf('execution'), 'open', 'filled')
  recorder.change(gap, 'open', 'partial')
  expect(recorder.totals).toMatchObject({ open: 0, partial: 1 })
  expect(recorder.recent.map(({ state }) => state)).toEqual(['partial', 'filled'])
  recorder.change(gap, 'partial', 'partial')
  recorder.change(gap, 'partial', 'filled')
  expect(recorder.totals).toMatchObject({ open: 0, partial: 0 })
})
