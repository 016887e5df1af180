import { categoryDialect } from '../../channels/dialect/category-dialect.ts'
import type { WantedTopic } from '../../channels/topics.ts'
import type { UnansweredConnection } from '../connection/socket.ts'
import type { PublicSink } from '../stream/stream-sink.ts'
import type { TopicStatus } from '../stream/topic-status.ts'
import type { LinkOptions } from './link.ts'
import { Shard } from './shard.ts'
import { loadOf, planShards } from './shard-plan.ts'

/** The shards of a stream: as many connections as its topics need within the exchange's limits. */
export class Shards {
  readonly #options: LinkOptions
  readonly #sink: PublicSink
  /** Shards without topics that are still closing. */
  readonly #retired = new Set<Promise<void>>()
  #shards: readonly Shard[] = []
  /** One connection for every topic that was silent on others: one each would spend the budget. */
  #spare: Shard | null = null
  #isStarted = false
  #isClosed = false

  constructor(options: LinkOptions, sink: PublicSink) {
    this.#options = options
    this.#sink = sink
  }

  /** Whether no topic is pending. */
  get isSettled(): boolean {
    return this.#shards.every((shard) => shard.isSettled)
  }

  topics(): readonly TopicStatus[] {
    return this.#shards.flatMap((shard) => shard.topics())
  }

  /** Asks each connection that was silent for so long for a sign of life; gives those that owe one. */
  askSilent(afterMs: number): UnansweredConnection[] {
    return this.#shards
      .map((shard) => shard.askIfSilent(afterMs))
      .filter((unanswered) => unanswered !== null)
  }

  /** The shard that carries a topic. */
  shardOf(topic: string): Shard | undefined {
    return this.#shards.find((shard) => shard.has(topic))
  }

  start(): void {
    this.#isStarted = true
    for (const shard of this.#shards) shard.start()
  }

  /** Spreads topics over the shards, and over new ones where those have no room. */
  add(topics: readonly WantedTopic[]): void {
    const shards = this.#shards
    const loads = shards.map((shard) => loadOf(shard.topics()))
    for (const [index, group] of planShards(topics, loads, this.#limits())) {
      const shard = shards[index]
      if (shard === undefined) this.#addShard(group)
      else shard.add(group)
    }
  }

  /** Wants topics no longer; a shard that has none left is closed. */
  remove(names: readonly string[]): void {
    for (const shard of this.#shards) {
      const own = names.filter((name) => shard.has(name))
      if (own.length > 0) shard.remove(own)
    }
    const isEmpty = (shard: Shard): boolean => shard.topics().length === 0
    const empty = this.#shards.filter(isEmpty)
    this.#shards = this.#shards.filter((shard) => !isEmpty(shard))
    for (const shard of empty) {
      const closed = shard.close().finally(() => this.#retired.delete(closed))
      this.#retired.add(closed)
    }
  }

  /** Takes a topic from its connection to the spare one. */
  moveToSpare(topic: WantedTopic): void {
    this.remove([topic.topic])
    const spare = this.#shards.find((shard) => shard === this.#spare)
    const load = spare === undefined ? [] : [loadOf(spare.topics())]
    const [place] = planShards([topic], load, this.#limits())
    if (spare !== undefined && place?.[0] === 0) spare.add([topic])
    else this.#spare = this.#addShard([topic])
  }

  /** Closes for good; resolves when no socket and no timer is left. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#retired, ...this.#shards.map((shard) => shard.close())])
  }

  #addShard(topics: readonly WantedTopic[]): Shard {
    const shard: Shard = new Shard(
      topics,
      { ...this.#options, lifetimeMs: () => this.#lifetimeOf(shard) },
      this.#sink,
    )
    this.#shards = [...this.#shards, shard]
    if (this.#isStarted && !this.#isClosed) shard.start()
    return shard
  }

  #limits() {
    return categoryDialect(this.#options.category)
  }

  /** Spread over the second half of the allowed time, so that shards are replaced one by one. */
  #lifetimeOf(shard: Shard): number {
    const { timings, random } = this.#options
    const turn = (this.#shards.indexOf(shard) + random()) / this.#shards.length
    return timings.rotateAfterMs * (0.5 + turn / 2)
  }
}
