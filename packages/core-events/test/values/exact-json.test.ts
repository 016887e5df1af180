import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeEvent, encodeEvent, isExactNumber, parseExactJson } from '../../src/index.ts'
import { position } from '../support/arbitraries.ts'

describe('exact JSON', () => {
  it.each([
    '12345678901234567891',
    '1e-400',
    '-1E+400',
    '1.10',
    '0.0',
    '1e5000',
    '0.1234567890123456789',
  ])('keeps the text of %s', (text) => {
    const value = parseExactJson(`{"a":[${text}]}`) as { a: unknown[] }
    expect(isExactNumber(value.a[0])).toBe(true)
    expect(JSON.stringify(value)).toBe(`{"a":[${text}]}`)
  })

  it.each([
    ['1', 1],
    ['-0.25', -0.25],
    ['1e3', 1000],
    ['0.0000001', 1e-7],
    ['1000000000000000000000', 1e21],
    ['9007199254740992', 2 ** 53],
  ])('reads %s as a number', (text, value) => {
    expect(parseExactJson(text)).toBe(value)
  })

  it('keeps what PostgreSQL cannot store as a text', () => {
    expect(parseExactJson('[1e400000, 1e-400000]')).toEqual(['1e400000', '1e-400000'])
  })

  it('reads whatever JSON.stringify writes as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        expect(parseExactJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('an event keeps the digits of keys that are not known, written and read again', () => {
    const [leg] = fc.sample(position, { numRuns: 1, seed: 1 })
    const extra = parseExactJson('{"n":12345678901234567891,"m":[1e-400]}')
    const event = { ...leg, extra } as never
    expect(encodeEvent(event)).toContain('"extra":{"n":12345678901234567891,"m":[1e-400]}')
    const { extra: read } = decodeEvent(encodeEvent(event)) as { extra?: unknown }
    expect(JSON.stringify(read)).toBe(JSON.stringify(extra))
  })
})
