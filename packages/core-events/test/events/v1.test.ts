import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  changedFields,
  decodeEvent,
  encodeEvent,
  eventKey,
  orderContentHash,
  positionContentHash,
  walletContentHash,
} from '../../src/index.ts'

/** Never edit these files: stored events of version 1 must stay readable. */
const LINES = readFixture('v1.ndjson')
/** Frozen as well: version 1 with the fields of the other categories. */
const LATER_LINES = readFixture('v1-all-categories.ndjson')
/** Frozen as well: the private channels. */
const PRIVATE_LINES = readFixture('v1-private.ndjson')

function readFixture(name: string): readonly string[] {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
}

const ACCOUNT_ID = '0b0e5c6e-6a0f-5d0e-9b3a-3f6f0a4b7c11'
const TRADE_ID = '6f1d2a3b-0c4d-5e6f-8a9b-0c1d2e3f4a5b'
const TRADE_KEY = `publicTrade|linear|BTCUSDT|1760000000101|${TRADE_ID}`

describe('version 1', () => {
  it.each([...LATER_LINES, ...PRIVATE_LINES])(
    'is read and written again to the same bytes, fields that came later being null: %s',
    (line) => {
      expect(encodeEvent(decodeEvent(line))).toBe(withLaterFields(line))
    },
  )

  it.each(LINES)('reads fields that were added later as null, and loses nothing: %s', (line) => {
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

  it('keeps the identities of private events', () => {
    expect(PRIVATE_LINES.map((line) => eventKey(decodeEvent(line)))).toEqual([
      `execution|${ACCOUNT_ID}|linear|BTCUSDT|6f1d2a3b-0c4d-5e6f-8a9b-0c1d2e3f4a5b`,
      `execution|${ACCOUNT_ID}|spot|BTCUSDT|2290000001000000001`,
      `order|${ACCOUNT_ID}|linear|aaaaaaaa-bbbb-4ccc-8ddd-ffffffffffff|1760000001000|367fd8e75d9a6d3cea06d8628eeecc7e`,
      `order|${ACCOUNT_ID}|linear|aaaaaaaa-bbbb-4ccc-8ddd-ffffffffffff|1760000001000|80a4c52f946668c2529fdb72e51b79bf`,
      `position|${ACCOUNT_ID}|linear|BTCUSDT|0|1760000000110|b1cb78f2a59a3236fd29f945569e5f5d`,
      `position|${ACCOUNT_ID}|linear|BTCUSDT|2|1760000000110|ab67a7b2f0dedbc535fd71ae99cb31cb`,
      `wallet|${ACCOUNT_ID}|UNIFIED|USDT|1760000000110|bacdcb6576e44bf864e82061b831ffa0`,
      `wallet|${ACCOUNT_ID}|UNIFIED||1760000000110|5e545b790e0bfd9360425c59046f33bf`,
    ])
  })

  it('keeps the content hashes', () => {
    for (const line of PRIVATE_LINES) {
      const event = decodeEvent(line)
      if (event.channel === 'order') expect(orderContentHash(event)).toBe(event.contentHash)
      if (event.channel === 'position') expect(positionContentHash(event)).toBe(event.contentHash)
      if (event.channel === 'wallet') expect(walletContentHash(event)).toBe(event.contentHash)
    }
  })

  it('keeps the meaning of the bits in `changed`', () => {
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

/** A line as it is written now: with null for the fields that the exchange has sent since only. */
function withLaterFields(line: string): string {
  return line.replace(/("leverageSysUpdatedTime":(?:\d+|null))/, '$1,"netDeltaRatio":null')
}
