import { expect, it, vi } from 'vitest'
import { findChannelNames } from '../src/channel-names.ts'

// A channel that was only just added to the registry.
vi.mock('@grid/core-events', () => ({ PUBLIC_CHANNELS: ['ticker', 'allPulses'] }))

const findingsOf = (path: string) => findChannelNames([{ path, code: ["const c = 'allPulses'"] }])

it.each([
  'apps/x/src/a.ts',
  'packages/bybit-adapter/src/channels/topics.ts',
  'packages/bybit-adapter/src/channels/account/a.ts',
  'packages/bybit-adapter/src/channels/dialect/a.ts',
  'packages/bybit-adapter/src/rest/recent-events.ts',
  'packages/db/src/tables/market-tables.ts',
])('a new channel must not be named in %s', (path) => {
  expect(findingsOf(path)).toMatchObject([{ key: `channel ${path}` }])
})

it.each([
  'packages/core-events/src/events/market/all-pulses.ts',
  'packages/bybit-adapter/src/archive/read-pulse-archive.ts',
  'packages/bybit-adapter/src/channels/pulse/all-pulses.ts',
  'packages/bybit-adapter/src/rest/endpoints/all-pulses.ts',
  'packages/db/src/tables/market/all-pulses.ts',
])('a new channel may be named in %s', (path) => {
  expect(findingsOf(path)).toEqual([])
})
