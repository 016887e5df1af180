import type { TopicProgress } from '../coverage/topic-progress.ts'
import type { TopicStatus } from '../stream/topic-status.ts'

/**
 * Whether a new connection may take an old one's place without a loss.
 *
 * Each topic that the old one delivers must be live on the new one, or must have said nothing on the
 * old one since the new one was told that it will not come (a symbol that is being delisted), or
 * since it was found silent there (an option topic, which nothing but data proves).
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
    const twin = replacing.get(topic)
    if (twin === undefined) return false
    if (twin.state === 'live' || topic === exempt || state === 'refused') return true
    if (twin.state === 'pending') return false
    return lastEventAtUs === null || lastEventAtUs < twin.sinceTs * 1000
  })
}

/**
 * The topics of which an old connection has not shown that it came to where the new one begins: what
 * is on its way there would be lost with it.
 *
 * Once it lags in one topic, it may as well in those of which the new one has said nothing yet; while
 * it lags in none, those are quiet.
 */
export function lateTopics(
  old: readonly TopicStatus[],
  progress: TopicProgress,
  next: TopicProgress,
  exempt: string | null,
): ReadonlySet<string> {
  const late = new Set<string>()
  let lags = false
  for (const { topic, state } of old) {
    if (topic === exempt || state === 'refused' || state === 'unproven') continue
    const hasReached = progress.hasReached(topic, next)
    if (hasReached !== true) late.add(topic)
    if (hasReached === false) lags = true
  }
  return lags ? late : new Set()
}
