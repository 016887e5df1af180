import { expect, it } from 'vitest'
import { publicUrl, restUrl } from '../src/index.ts'

it.each([
  () => publicUrl('linear', 'mainnet', 'ws://u:S3CRET@h?x'),
  () => restUrl('mainnet', 'http://u:S3CRET@h#x'),
])('a refused base address is not shown where it may hold a password', (make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(make).not.toThrow(/S3CRET/)
})

it('a refused base address is shown otherwise', () => {
  expect(() => restUrl('mainnet', 'h:1')).toThrow(/got "h:1"/)
})
