/** What the exchange says about a subscribe request that it refuses. */
export interface Refusal {
  readonly kind:
    | 'already_subscribed'
    | 'unknown_topic'
    | 'too_many_topics'
    | 'not_permitted'
    | 'other'
  /** The topics that it names: usually only the first bad one. */
  readonly topics: readonly string[]
}

const NAMED_TOPIC = /topic:\s*([^\s,\]]+)/g
const BRACKETED = /\[([^\]]*)\]/

/**
 * Reads the message of a refused subscribe request.
 *
 * @example
 * parseRefusal('error:already subscribed,topic:publicTrade.BTCUSDT')
 * // { kind: 'already_subscribed', topics: ['publicTrade.BTCUSDT'] }
 */
export function parseRefusal(message: string): Refusal {
  const named = [...message.matchAll(NAMED_TOPIC)].map((match) => match[1] ?? '')
  const bracketed = (BRACKETED.exec(message)?.[1] ?? '').split(/[\s,]+/).filter(Boolean)
  return { kind: kindOf(message.toLowerCase()), topics: named.length > 0 ? named : bracketed }
}

function kindOf(message: string): Refusal['kind'] {
  if (message.includes('already subscribed')) return 'already_subscribed'
  if (message.includes('handler not found')) return 'unknown_topic'
  if (message.includes('invalid symbol')) return 'unknown_topic'
  if (/permission|not authori[sz]ed|unauthori[sz]ed/.test(message)) return 'not_permitted'
  if (message.includes('args size')) return 'too_many_topics'
  return 'other'
}
