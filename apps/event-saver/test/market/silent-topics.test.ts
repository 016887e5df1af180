import { expect, it } from 'vitest'
import type { MarketTopic } from '../../src/market/market-capture.ts'
import { SilentTopics } from '../../src/market/silent-topics.ts'

const SECOND_US = 1_000_000
const topic = (name: string, lastEventAtUs: number | null): MarketTopic =>
  ({ category: 'linear', topic: name, lastEventAtUs }) as MarketTopic

it('a topic is silent until it speaks, a cure has a minute, or nobody wants it', () => {
  const silent = new SilentTopics()
  silent.onSilent('linear', 'a', 'resubscribe', 10 * SECOND_US)
  silent.onSilent('linear', 'b', 'wait', 10 * SECOND_US)
  silent.onSilent('linear', 'c', 'reconnect', 10 * SECOND_US)
  silent.onSilent('linear', 'd', 'wait', 10 * SECOND_US)
  const topics = [topic('a', null), topic('b', 9 * SECOND_US), topic('c', 11 * SECOND_US)]
  expect(silent.among(topics, 12 * SECOND_US)).toEqual(['linear a', 'linear b'])
  expect(silent.among(topics, 71 * SECOND_US)).toEqual(['linear b'])
  expect(silent.among([topic('b', 72 * SECOND_US)], 72 * SECOND_US)).toEqual([])
})
