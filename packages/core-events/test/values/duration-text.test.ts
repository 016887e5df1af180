import { expect, it } from 'vitest'
import { durationText } from '../../src/index.ts'

it.each([
  [0, '0 ms'],
  [90.4, '90 ms'],
  [999.6, '1 s'],
  [1000, '1 s'],
  [1500, '1.5 s'],
  [9999, '10 s'],
  [10_000, '10 s'],
  [59_700, '1 min'],
  [120_000, '2 min'],
  [125_000, '2 min 5 s'],
  [3_900_000, '1 h 5 min'],
  [3_605_000, '1 h'],
  [86_400_000, '1 d'],
  [91 * 86_400_000 + 3_600_000, '91 d 1 h'],
] as const)('%d ms is written %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})
