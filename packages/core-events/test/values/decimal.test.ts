import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalDecimal, type Decimal, isDecimal, parseDecimal } from '../../src/index.ts'
import { decimal } from '../support/arbitraries.ts'

/** The same rule written differently: a regular expression and the two limits. */
function isDecimalByReference(text: string): boolean {
  const match = /^-?[0-9]+(?:\.[0-9]+)?(?:[eE]([+-]?[0-9]{1,3}))?$/.exec(text)
  return match !== null && text.length <= 128 && Math.abs(Number(match[1] ?? 0)) <= 64
}

const nearlyDecimal = fc.string({
  unit: fc.constantFrom('0', '1', '9', '.', '-', '+', 'e', 'E', ' ', 'x', '٣', '\0'),
  maxLength: 12,
})

describe('parseDecimal', () => {
  it('agrees with the reference rule on texts that are almost decimals', () => {
    fc.assert(
      fc.property(fc.oneof(nearlyDecimal, fc.string()), (text) => {
        expect(isDecimal(text)).toBe(isDecimalByReference(text))
      }),
      { numRuns: 5000 },
    )
  })

  it('keeps every decimal digit for digit', () => {
    fc.assert(
      fc.property(decimal, (text) => {
        expect(isDecimalByReference(text)).toBe(true)
        expect(parseDecimal(String(text))).toBe(text)
      }),
    )
  })

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const parsed = parseDecimal(value)
        if (typeof value !== 'string') expect(parsed).toBeUndefined()
      }),
    )
  })

  it('reads "not applicable" as null, not as zero', () => {
    expect(parseDecimal('')).toBeNull()
    expect(isDecimal('')).toBe(false)
  })

  it.each(['0', '-0', '007', '100000.10', '-1e-7', '1E+64', '1e-64', '9'.repeat(128)])(
    'accepts %s',
    (text) => {
      expect(parseDecimal(text)).toBe(text)
    },
  )

  it.each([
    ...['NaN', 'Infinity', '-Infinity', '-', '.', '.5', '5.', '+1', ' 1', '1 ', '1_000', '1,5'],
    ...['0x10', '1e', '1e+', '1e65', '1e-65', '1e0001', '1e1.5', '--1', '1\n', '1\0', '１'],
    ...['9'.repeat(129), 1, 0, 1n, null, undefined, true, [], ['1'], {}],
  ])('refuses %o', (value) => {
    expect(parseDecimal(value)).toBeUndefined()
  })
})

describe('canonicalDecimal', () => {
  it.each([
    ['100.50', '100.5'],
    ['0100', '100'],
    ['1.50e-7', '0.00000015'],
    ['-12E2', '-1200'],
    ['1e64', `1${'0'.repeat(64)}`],
    ['-0.00', '0'],
    ['0e10', '0'],
  ])('writes %s as %s', (text, canonical) => {
    expect(canonicalDecimal(parseDecimal(text) ?? ('' as Decimal))).toBe(canonical)
  })
})
