import { expect, it } from 'vitest'
import { isHostName } from '../../src/index.ts'

it.each([
  'localhost',
  'db-1.example.com',
  'my_db',
  'a.',
  '10.0.0.1',
  '1.example',
  `${'a'.repeat(63)}.b`,
])('%s can be one host', (text) => {
  expect(isHostName(text)).toBe(true)
})

it.each([
  '',
  'a,b',
  'a b',
  'a:1',
  '-a',
  'a..b',
  'a/b',
  '::1',
  '10.0.0.256',
  '10.0.1',
  '1.2.3.4.5',
  'bücher',
  'a'.repeat(64),
  `${'a.'.repeat(127)}bc`,
])('%j cannot be one host', (text) => {
  expect(isHostName(text)).toBe(false)
})
