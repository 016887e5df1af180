import { performance } from 'node:perf_hooks'
import { CHANNELS, type Clock, durationText, nowMs } from '@grid/core-events'
import { redactDatabaseUrl } from '@grid/db'
import type { AccountService } from '../accounts/account-service.ts'
import type { AccountStatus } from '../accounts/account-status.ts'
import type { Config } from '../config/config.ts'
import type { Journal } from '../journal/journal.ts'
import type { MarketService } from '../market/market-service.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { MarketRepair } from '../repair/market-repair.ts'
import type { PartitionKeeper } from '../storage/partition-keeper.ts'
import type { DeadLetterShare } from './dead-letter-share.ts'
import type { ExchangeClock } from './exchange-clock.ts'
import type { LoopStalls } from './loop-watchdog.ts'
import type { MachineStatus } from './machine-watch.ts'
import type { Readiness, WantedTopicState } from './readiness.ts'
import { requiredAccountsFault } from './required-accounts.ts'
import { silence } from './silence.ts'
import type { JournalStatus, SaverStatus } from './status.ts'

/** The parts of a saver that a status is read from. */
export interface StatusSources {
  readonly config: Pick<
    Config,
    'collector' | 'databaseUrl' | 'environmentStamp' | 'requiredAccounts'
  >
  readonly clock: Clock
  readonly markets: Pick<
    MarketService,
    'askSilent' | 'instruments' | 'silentTopics' | 'topics' | 'unlisted'
  >
  readonly repair: Pick<MarketRepair, 'totals'>
  readonly accounts: Pick<AccountService, 'askSilent' | 'statuses' | 'unknown'>
  readonly pipeline: Pipeline
  readonly journal: Pick<Journal, 'bytes' | 'counts' | 'position' | 'state'> & {
    readonly totalBytes?: number
  }
  readonly partitions: Pick<PartitionKeeper, 'totals'>
  readonly isDatabaseReady: () => boolean
  /** How many connections have opened since the start. */
  readonly connections: () => number
  /** How many lines of the log could not be written. */
  readonly logLinesLost: () => number
}

/** What the health of a saver adds. */
export interface HealthFacts {
  readonly readiness: Readiness
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** How long the event loop stood still a moment ago, in milliseconds; null when it did not. */
  readonly stalledMs: number | null
  readonly stalls: LoopStalls
  readonly deadLetters: DeadLetterShare
  readonly exchangeClock: ExchangeClock
  readonly machine: MachineStatus
}

/** Reads everything that is known of a saver in one synchronous step. */
export function readSaverStatus(sources: StatusSources, facts: HealthFacts): SaverStatus {
  const { clock, config, pipeline } = sources
  const nowUs = clock.nowUs()
  const topics = sources.markets.topics()
  const accounts = sources.accounts.statuses()
  const ageSeconds = (sinceUs: number | null): number =>
    sinceUs === null ? 0 : Math.max(0, (nowUs - sinceUs) / 1_000_000)
  const lagSeconds = Object.fromEntries(
    CHANNELS.map((channel) => [channel, ageSeconds(pipeline.oldestEventUs(channel))]),
  ) as SaverStatus['lagSeconds']
  const channels = pipeline.sample()
  const { ready, checks } = facts.readiness.evaluate({
    nowMs: nowMs(clock),
    isDatabaseReady: sources.isDatabaseReady(),
    topics: [...topics, ...accounts.flatMap(accountTopics)],
    unlisted: sources.markets.unlisted(),
    silence: silence(sources),
    accountsUnknown: sources.accounts.unknown,
    requiredAccounts: requiredAccountsFault({
      required: config.requiredAccounts,
      statuses: accounts,
      areKnown: sources.accounts.unknown === null,
    }),
    accepting: pipeline.accepting,
    journalFault:
      sources.journal.state === 'stalled'
        ? 'the disk takes nothing: it is tried each second'
        : null,
    lagMs: ageSeconds(pipeline.oldestUs) * 1000,
    deadLetters: facts.deadLetters.judge(channels, performance.now()),
    exchangeClock: facts.exchangeClock.judge(),
    watchdog:
      facts.stalledMs === null
        ? null
        : `the event loop stood still for ${durationText(facts.stalledMs)}`,
  })
  return {
    name: 'event-saver',
    pid: process.pid,
    now: nowMs(clock),
    startedAt: facts.startedAt,
    environment: config.environmentStamp,
    collector: config.collector,
    database: redactDatabaseUrl(config.databaseUrl),
    databaseReady: sources.isDatabaseReady(),
    ready,
    checks,
    topics: topics.map((topic) => ({
      ...topic,
      lastEventAgeSeconds: topic.lastEventAtUs === null ? null : ageSeconds(topic.lastEventAtUs),
    })),
    instruments: sources.markets.instruments(),
    accounts,
    channels,
    unknownKeys: pipeline.unknownKeys.counts,
    lagSeconds,
    journalBytes: sources.journal.bytes,
    journal: readJournal(sources),
    connections: sources.connections(),
    logLinesLost: sources.logLinesLost(),
    retention: sources.partitions.totals,
    evidenceLost: pipeline.evidenceLost,
    repair: sources.repair.totals,
    gaps: { ...pipeline.gaps.totals, recent: pipeline.gaps.recent },
    loopStalls: facts.stalls,
    exchangeClock: facts.exchangeClock.difference,
    machine: facts.machine,
    rss: readRss(),
  }
}

function readJournal({ journal, pipeline }: StatusSources): JournalStatus {
  const { bytes, counts, position, state, totalBytes = 0 } = journal
  return {
    state,
    bytes,
    totalBytes,
    position,
    positions: pipeline.positions,
    behind: pipeline.behind,
    waiting: pipeline.waitingInJournal,
    unwritten: counts.unwritten,
    corruptBlocks: counts.corruptBlocks,
  }
}

/** An account's topics as readiness judges them: those that a bad key keeps from being captured are refused. */
function accountTopics({ accountName, state, topics }: AccountStatus): WantedTopicState[] {
  const isBad = state === 'refused' || state === 'unusable'
  return topics.map((topic) => ({
    topic: `${topic.topic}@${accountName}`,
    state: isBad ? 'refused' : topic.state,
  }))
}

/** The memory of the process; null while no file can be opened to read it from. */
function readRss(): number | null {
  try {
    return process.memoryUsage.rss()
  } catch {
    return null
  }
}
