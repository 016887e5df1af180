import { expect, it, test } from 'vitest'
import { privateRestUrl, siteHeaders } from '../src/endpoints.ts'
import { ENVIRONMENTS, privateUrl, publicUrl, REGIONS, restUrl } from '../src/index.ts'

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

const hostOf = (url: string): string => new URL(url).hostname

test.each([
  ['mainnet', 'stream.bybit.com', 'api.bybit.com'],
  ['testnet', 'stream-testnet.bybit.com', 'api-testnet.bybit.com'],
  ['mainnet:tr', 'stream.bybit.tr', 'api.bybit.tr'],
  ['mainnet:kz', 'stream.bybit.kz', 'api.bybit.kz'],
  ['mainnet:id', 'stream.bybit.id', 'api.bybit.id'],
  ['mainnet:ge', 'stream.bybitgeorgia.ge', 'api.bybitgeorgia.ge'],
  ['mainnet:jp', 'stream.manepa.jp', 'api.manepa.jp'],
  ['mainnet:hk', 'stream.spark-fintech.com', 'api.spark-fintech.com'],
  ['mainnet:nl', 'stream.bybit.com', 'api.bybit.nl'],
  ['mainnet:ae', 'stream.bybit.com', 'api.bybit.ae'],
  ['mainnet:eu', 'stream.bybit.com', 'api.bybit.eu'],
  ['testnet:jp', 'stream-testnet.bybit.com', 'api-testnet.manepa.jp'],
  ['testnet:hk', 'stream-testnet.bybit.com', 'api-testnet.spark-fintech.com'],
] as const)('%s has its own hosts, for accounts too', (environment, stream, api) => {
  expect(hostOf(publicUrl('linear', environment))).toBe(stream)
  expect(hostOf(privateUrl(environment))).toBe(stream)
  expect(hostOf(restUrl(environment))).toBe(api)
  expect(hostOf(privateRestUrl(environment))).toBe(api)
})

test('demo has hosts of its own for accounts only', () => {
  expect(hostOf(publicUrl('spot', 'demo'))).toBe('stream.bybit.com')
  expect(hostOf(privateUrl('demo'))).toBe('stream-demo.bybit.com')
  expect(hostOf(restUrl('demo'))).toBe('api.bybit.com')
  expect(hostOf(privateRestUrl('demo'))).toBe('api-demo.bybit.com')
})

test('every region is there for the real exchange, and an unknown one is refused', () => {
  for (const region of REGIONS) expect(ENVIRONMENTS).toContain(`mainnet:${region}`)
  expect(() => restUrl('mainnet:us' as never)).toThrow('must be one of mainnet, testnet, demo')
  expect(() => restUrl('demo:tr' as never)).toThrow('got "demo:tr"')
})

test('only the host of Hong Kong is told its site', () => {
  const site = { 'x-refer-site-id': 'HKG' }
  expect(siteHeaders(privateUrl('mainnet:hk'))).toEqual(site)
  expect(siteHeaders(`${restUrl('testnet:hk')}/v5/market/time?x=1`)).toEqual(site)
  expect(siteHeaders(publicUrl('linear', 'mainnet:jp'))).toEqual({})
  expect(siteHeaders('ws://127.0.0.1:1/spark-fintech.com')).toEqual({})
})
