import { type Fault, optionSymbols, startSimulator } from '@grid/bybit-sim'
import { CATEGORIES, type Category } from '@grid/core-events'
import { expect, onTestFinished, test } from 'vitest'
import { BybitPublicStream } from '../../src/index.ts'
import { RecordedStream } from '../support/recorded-stream.ts'
import { until } from '../support/until.ts'

const SYMBOLS: { readonly [Name in Category]: readonly string[] } = {
  linear: ['BTCUSDT', 'ETHUSDT'],
  inverse: ['BTCUSD', 'ETHUSD'],
  spot: ['BTCUSDT', 'ETHUSDT'],
  option: optionSymbols('BTC', [100_000, 120_000], Date.now()),
}
/** Each is followed by some traffic; the last ones cost the connection. */
const FAULTS: readonly Fault[] = [
  { kind: 'duplicate', which: 'last' },
  { kind: 'reorder' },
  { kind: 'drop-frame' },
  { kind: 'garbage', payload: 'binary' },
  { kind: 'garbage', payload: 'invalid-utf8' },
  { kind: 'garbage', payload: 'text' },
  { kind: 'garbage', payload: 'oversized', bytes: 60_000 },
  { kind: 'close', abrupt: true },
]

test.each(CATEGORIES)(
  'what the exchange sent of %s, faults and rotations included, is read again the same',
  async (category) => {
    const symbols = SYMBOLS[category]
    const sim = await startSimulator({
      seed: 21,
      symbols: [],
      [category === 'linear' ? 'symbols' : category]: symbols,
      tradesPerSecond: 60,
      tickerIntervalMs: 50,
    })
    onTestFinished(() => sim.stop())
    const stream = new BybitPublicStream({
      wsUrl: sim.wsUrl,
      category,
      symbols,
      channels: ['ticker', 'publicTrade'],
      maxPayloadBytes: 50_000,
      timings: { backoffBaseMs: 50, gapPadMs: 200, snapshotTimeoutMs: 300, rotateAfterMs: 1_000 },
    })
    onTestFinished(() => stream.close())
    const kept = new RecordedStream(stream, category, 97)
    let rotations = 0
    stream.on('status', ({ type }) => {
      if (type === 'rotated') rotations++
    })
    await stream.start()
    const flows = async (): Promise<void> => {
      const from = kept.entries.length
      await until('traffic', () => kept.entries.length > from + 40)
    }
    for (const fault of FAULTS) {
      await flows()
      await sim.fault(fault)
    }
    await flows()
    stream.setSymbols(symbols.slice(0, 1))
    await flows()
    stream.setSymbols(symbols)
    await until('a rotation', () => rotations > 0)
    await flows()
    await stream.close()
    kept.expectSame()
    expect(kept.checkpoints.size).toBeGreaterThan(4)
    expect(kept.controls('forgotten').length).toBeGreaterThan(0)
    expect(kept.controls('oversized').length).toBeGreaterThan(0)
    expect(kept.controls('opened').length).toBeGreaterThan(2)
  },
  60_000,
)
