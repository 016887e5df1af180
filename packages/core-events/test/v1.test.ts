import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { changedFields, decodeEvent, encodeEvent, eventKey } from '../src/index.ts'

/** Written once, never edited: stored events of version 1 must stay readable. */
const LINES = readFixture('v1.ndjson')
/** As frozen: version 1 with the fields that came with the other categories. */
const LATER_LINES = readFixture('v1-all-categories.ndjson')

function readFixture(name: string): readonly string[] {
  return readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
}

const TRADE_ID = '6f1d2a3b-0c4d-5e6f-8a9b-0c1d2e3f4a5b'
const TRADE_KEY = `publicTrade|linear|BTCUSDT|1760000000101|${TRADE_ID}`

describe('version 1', () => {
  it.each(LATER_LINES)('is read and written again to the same bytes: %s', (line) => {
    expect(encodeEvent(decodeEvent(line))).toBe(line)
  })

  it.each(LINES)('gets null for the fields that came later, and loses nothing: %s', (line) => {
    const before: Record<string, unknown> = JSON.parse(line)
    const after: Record<string, unknown> = JSON.parse(encodeEvent(decodeEvent(line)))
    const later = Object.keys(after).filter((key) => !Object.hasOwn(before, key))
    expect(later).toHaveLength(before['channel'] === 'ticker' ? 12 : 4)
    expect(after).toEqual({ ...before, ...Object.fromEntries(later.map((key) => [key, null])) })
  })

  it('keeps its identities', () => {
    expect(LINES.map((line) => eventKey(decodeEvent(line)))).toEqual([
      TRADE_KEY,
      TRADE_KEY,
      TRADE_KEY,
      'publicTrade|spot|BTCUSDT|1760000000101|2290000001000000001',
      'publicTrade|option|BTC-26DEC25-120000-C-USDT|1760000000101|11111111-2222-5333-8444-555555555555',
      'ticker|linear|BTCUSDT|1760000000100|190000000001|snapshot',
      'ticker|linear|BTCUSDT|1760000000200|190000000044|delta',
      'ticker|linear|BTCUSDT-26DEC25|1760000000300|0|snapshot',
    ])
  })

  it('keeps the meaning of the bits that say what was fresh', () => {
    const fresh = [...LINES, ...LATER_LINES]
      .map((line) => decodeEvent(line))
      .filter((event) => event.channel === 'ticker')
      .map((event) => changedFields(event.changed))
    expect(fresh[0]).toHaveLength(26)
    expect(fresh[1]).toEqual(['markPrice', 'bid1Size'])
    expect(fresh[2]).toEqual([
      'lastPrice',
      'deliveryTime',
      'basisRate',
      'basis',
      'curPreListingPhase',
    ])
    expect(fresh[4]).toEqual(['bid1Price', 'bid1Size', 'ask1Price', 'ask1Size'])
    expect(fresh[5]).toHaveLength(24)
    expect(fresh[5]).toContain('change24h')
  })
})
