import { CHANNELS, type Clock, nowMs } from '@grid/core-events'
import { redactDatabaseUrl } from '@grid/db'
import type { AccountStatus } from '../accounts/account-status.ts'
import type { Config } from '../config/config.ts'
import type { MarketCapture } from '../market/market-capture.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { Readiness, WantedTopicState } from './readiness.ts'
import type { SaverStatus } from './status.ts'

/** What a status is read from. */
export interface StatusSources
  extends Pick<
    SaverStatus,
    'accounts' | 'connections' | 'databaseReady' | 'journalBytes' | 'retention' | 'startedAt'
  > {
  readonly config: Config
  readonly clock: Clock
  readonly markets: readonly MarketCapture[]
  readonly pipeline: Pipeline
  readonly readiness: Readiness
  /** Whether the event loop stood still. */
  readonly isStalled: boolean
}

/** Reads everything that is known of a saver in one synchronous step. */
export function readSaverStatus(sources: StatusSources): SaverStatus {
  const { accounts, clock, config, markets, pipeline, readiness } = sources
  const { connections, databaseReady, journalBytes, retention, startedAt } = sources
  const nowUs = clock.nowUs()
  const topics = markets.flatMap((market) => market.topics())
  const unlisted = markets.filter((market) => !market.isListed)
  const ageSeconds = (sinceUs: number | null): number =>
    sinceUs === null ? 0 : Math.max(0, (nowUs - sinceUs) / 1_000_000)
  const lagSeconds = Object.fromEntries(
    CHANNELS.map((channel) => [channel, ageSeconds(pipeline.oldestEventUs(channel))]),
  ) as SaverStatus['lagSeconds']
  const { ready, checks } = readiness.evaluate({
    nowMs: nowMs(clock),
    topics: [...topics, ...accounts.flatMap(accountTopics)],
    unlisted: unlisted.map(({ category }) => category),
    accepting: pipeline.accepting,
    lagMs: ageSeconds(pipeline.oldestUs) * 1000,
    watchdog: sources.isStalled ? 'the event loop stood still for more than 30 s' : null,
  })
  return {
    name: 'event-saver',
    pid: process.pid,
    now: nowMs(clock),
    startedAt,
    environment: config.environmentStamp,
    collector: config.collector,
    database: redactDatabaseUrl(config.databaseUrl),
    databaseReady,
    ready,
    checks,
    topics: topics.map((topic) => ({
      ...topic,
      lastEventAgeSeconds: topic.lastEventAtUs === null ? null : ageSeconds(topic.lastEventAtUs),
    })),
    accounts,
    channels: pipeline.sample(),
    unknownKeys: pipeline.unknownKeys.counts,
    lagSeconds,
    journalBytes,
    connections,
    retention,
    gaps: { ...pipeline.gaps.totals, recent: pipeline.gaps.recent },
    rss: process.memoryUsage.rss(),
  }
}

/** An account's topics as readiness judges them: what a bad key keeps from being captured is refused. */
function accountTopics({ accountName, state, topics }: AccountStatus): WantedTopicState[] {
  const isBad = state === 'refused' || state === 'unusable'
  return topics.map((topic) => ({
    topic: `${topic.topic}@${accountName}`,
    state: isBad ? 'refused' : topic.state,
  }))
}
