import fc from 'fast-check'
import { expect, test } from 'vitest'
import { topicsOf } from '../../../src/channels/topics.ts'
import { loadOf, planShards } from '../../../src/ws/shard/shard-plan.ts'

const LIMITS = { maxTopicChars: 21_000, maxTopics: Number.POSITIVE_INFINITY }

function topics(count: number, from = 0) {
  return Array.from({ length: count }, (_, index) => `COIN${from + index}USDT`).flatMap(
    (symbol) => [
      ...topicsOf('linear', 'ticker', symbol),
      ...topicsOf('linear', 'publicTrade', symbol),
    ],
  )
}

test('600 symbols take two connections of equal load', () => {
  const plan = planShards(topics(600), [], LIMITS)
  expect(plan.size).toBe(2)
  const [a = [], b = []] = [...plan.values()]
  expect(Math.abs(loadOf(a).chars - loadOf(b).chars)).toBeLessThan(100)
})

test('later topics go where there is room, or else to a new connection', () => {
  const nearlyFull = { chars: 20_900, topics: 900 }
  const half = { chars: 10_000, topics: 400 }
  expect([...planShards(topics(10), [nearlyFull, half], LIMITS).keys()]).toEqual([1])
  expect([...planShards(topics(10), [nearlyFull], LIMITS).keys()].sort()).toContain(1)
})

test('no topic is lost or doubled, no limit is exceeded, no symbol is split', () => {
  const limits = fc.record({
    maxTopicChars: fc.integer({ min: 100, max: 2000 }),
    maxTopics: fc.integer({ min: 2, max: 40 }),
  })
  fc.assert(
    fc.property(fc.nat(80), fc.nat(30), limits, (first, second, allowed) => {
      const before = [...planShards(topics(first), [], allowed).values()]
      const wanted = topics(second, first)
      const plan = planShards(wanted, before.map(loadOf), allowed)
      expect([...plan.values()].flat().length).toBe(wanted.length)
      expect(new Set([...plan.values()].flat())).toEqual(new Set(wanted))
      for (const [index, group] of plan) {
        const load = loadOf([...(before[index] ?? []), ...group])
        expect(load.chars).toBeLessThanOrEqual(allowed.maxTopicChars)
        expect(load.topics).toBeLessThanOrEqual(allowed.maxTopics)
        const symbols = new Set(group.map(({ symbol }) => symbol))
        expect(group.length).toBe(symbols.size * 2)
      }
    }),
  )
})

test('a name beyond ASCII counts with its bytes', () => {
  const [topic] = topics(1)
  if (topic === undefined) throw new Error('no topic')
  // Four characters of three bytes each, and quotation marks and a comma around.
  expect(loadOf([{ ...topic, topic: '币安人生' }])).toEqual({ chars: 15, topics: 1 })
})
