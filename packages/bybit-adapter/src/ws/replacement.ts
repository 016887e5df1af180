import type { TopicStatus } from './topic-status.ts'

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
