import type { TopicProgress } from '../coverage/topic-progress.ts'
import type { TopicStatus } from '../stream/topic-status.ts'

/** What is known of a connection that is replaced, or that is to replace it. */
export interface LinkView {
  topics(): readonly TopicStatus[]
  /** How far it has come in a topic; undefined before its first data. */
  progressOf(topic: string): TopicProgress | undefined
}

/**
 * Whether a new connection may take an old one's place without a loss.
 *
 * Each topic that the old one delivers must be live on the new one. A topic that is refused there (its
 * symbol is being delisted) or unproven (an option topic) does no harm if the old one has been silent
 * about it since.
 *
 * @param exempt a topic that is known to be dead on the old connection
 */
export function isReadyToReplace(
  old: readonly TopicStatus[],
  next: readonly TopicStatus[],
  exempt: string | null,
): boolean {
  const replacing = new Map(next.map((status) => [status.topic, status]))
  return old.every(({ topic, state, lastEventAtUs }) => {
    const replacement = replacing.get(topic)
    if (replacement === undefined) return false
    if (replacement.state === 'live' || topic === exempt || state === 'refused') return true
    if (replacement.state === 'pending') return false
    return lastEventAtUs === null || lastEventAtUs < replacement.sinceTs * 1000
  })
}

/**
 * The topics in which the old connection has not reached the point where the new one began: closing it
 * now would lose what is on its way there.
 *
 * If it lags in one topic, it may also lag in those in which the new one has received nothing yet. If
 * it lags in none, those topics are quiet.
 */
export function lateTopics(
  old: LinkView,
  next: LinkView,
  exempt: string | null,
): ReadonlySet<string> {
  const late = new Set<string>()
  let lags = false
  for (const { topic, state } of old.topics()) {
    if (topic === exempt || state === 'refused' || state === 'unproven') continue
    const firstMs = next.progressOf(topic)?.firstMs ?? null
    const isBehind = firstMs !== null && (old.progressOf(topic)?.newestMs ?? 0) < firstMs
    if (isBehind || firstMs === null) late.add(topic)
    if (isBehind) lags = true
  }
  return lags ? late : new Set()
}

/** How an old connection ended. */
export interface OldEnd {
  /** When it last gave any frame, in epoch milliseconds. */
  readonly lastInboundMs: number
  /** Whether it was frozen before it ended. */
  readonly isStale: boolean
  /** The topics in which it was behind. */
  readonly late: ReadonlySet<string>
}

/**
 * The topics of a new connection that may have missed events when it took an old one's place.
 *
 * Topics that are not live miss events from when the old one is gone. If the old one was frozen, every
 * topic may have; if it has given no frame since a topic was live on the new one, that topic may have,
 * because nobody knows when it froze.
 */
export function missedTopics(
  next: readonly TopicStatus[],
  { lastInboundMs, isStale, late }: OldEnd,
): readonly TopicStatus[] {
  return next.filter(
    ({ topic, state, sinceTs }) =>
      isStale || state !== 'live' || sinceTs > lastInboundMs || late.has(topic),
  )
}
