import type { SilenceStep } from '@grid/bybit-adapter'
import type { Category } from '@grid/core-events'
import type { MarketTopic } from './market-capture.ts'

/** A cure that helped: what was only quiet is not called silent for longer. */
const CURED_AFTER_US = 60_000_000

interface Silence {
  readonly sinceUs: number
  /** Whether every cure has failed. */
  readonly isGivenUp: boolean
}

/** Remembers the topics that were found silent while others of their symbol speak, until they speak again. */
export class SilentTopics {
  readonly #silent = new Map<string, Silence>()

  onSilent(category: Category, topic: string, step: SilenceStep, nowUs: number): void {
    this.#silent.set(`${category} ${topic}`, { sinceUs: nowUs, isGivenUp: step === 'wait' })
  }

  /** Those that have brought nothing since, with their category. */
  among(topics: readonly MarketTopic[], nowUs: number): string[] {
    if (this.#silent.size === 0) return []
    const wanted = new Map(topics.map((topic) => [`${topic.category} ${topic.topic}`, topic]))
    for (const [name, { sinceUs, isGivenUp }] of this.#silent) {
      const topic = wanted.get(name)
      const speaks = (topic?.lastEventAtUs ?? 0) > sinceUs
      const isCured = !isGivenUp && nowUs - sinceUs > CURED_AFTER_US
      if (topic === undefined || speaks || isCured) this.#silent.delete(name)
    }
    return [...this.#silent.keys()]
  }
}
