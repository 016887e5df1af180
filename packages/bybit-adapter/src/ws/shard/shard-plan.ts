import type { WantedTopic } from '../../channels/topics.ts'

/** How much one connection may carry. */
export interface ShardLimits {
  readonly maxTopicChars: number
  readonly maxTopics: number
}

/** What one connection carries. */
export interface ShardLoad {
  chars: number
  topics: number
}

/** What a topic adds to the limit besides its name: quotation marks and a comma. */
const CHARS_AROUND = 3

/**
 * What topics add to a connection's load. The exchange does not say whether its limit counts characters or
 * bytes: bytes are never fewer.
 */
export function loadOf(topics: readonly WantedTopic[]): ShardLoad {
  const chars = topics.reduce((sum, { topic }) => sum + Buffer.byteLength(topic) + CHARS_AROUND, 0)
  return { chars, topics: topics.length }
}

/**
 * Spreads topics evenly over as few connections as the limits allow; topics of one symbol stay together.
 *
 * Gives the topics by the connection's index in `loads`; indexes beyond it are new connections.
 */
export function planShards(
  topics: readonly WantedTopic[],
  loads: readonly ShardLoad[],
  limits: ShardLimits,
): ReadonlyMap<number, readonly WantedTopic[]> {
  const planned = loads.map((load) => ({ ...load }))
  const total = loadOf(topics)
  const needed = Math.max(
    Math.ceil((total.chars + sum(planned, 'chars')) / limits.maxTopicChars),
    Math.ceil((total.topics + sum(planned, 'topics')) / limits.maxTopics),
  )
  while (planned.length < needed) planned.push({ chars: 0, topics: 0 })
  const placed = new Map<number, WantedTopic[]>()
  for (const group of Map.groupBy(topics, ({ symbol }) => symbol).values()) {
    const load = loadOf(group)
    const fits = (shard: ShardLoad): boolean =>
      shard.chars + load.chars <= limits.maxTopicChars &&
      shard.topics + load.topics <= limits.maxTopics
    let best = -1
    for (const [index, shard] of planned.entries()) {
      const emptiest = planned[best]
      if (fits(shard) && (emptiest === undefined || shard.chars < emptiest.chars)) best = index
    }
    if (best === -1) best = planned.push({ chars: 0, topics: 0 }) - 1
    const shard = planned[best]
    if (shard === undefined) continue
    shard.chars += load.chars
    shard.topics += load.topics
    placed.set(best, [...(placed.get(best) ?? []), ...group])
  }
  return placed
}

function sum(loads: readonly ShardLoad[], key: keyof ShardLoad): number {
  return loads.reduce((total, load) => total + load[key], 0)
}
