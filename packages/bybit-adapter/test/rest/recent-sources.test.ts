import { CHANNEL_DEFINITIONS, PUBLIC_CHANNELS } from '@grid/core-events'
import { describe, expect, it } from 'vitest'
import { hasRecentEvents } from '../../src/index.ts'

describe('the newest events over REST', () => {
  it.each(PUBLIC_CHANNELS.filter((channel) => CHANNEL_DEFINITIONS[channel].history === 'all'))(
    'are to be had of %s, whose gaps begin open: without them nothing would ever close one',
    (channel) => {
      expect(hasRecentEvents(channel)).toBe(true)
    },
  )
})
