import type { Dialect, ReplyTo } from './dialect.ts'

/**
 * Control frames of `/v5/public/linear` and `/v5/public/inverse`: `req_id` is always present, and
 * empty when the request had none.
 */
export function contractDialect(category: 'linear' | 'inverse'): Dialect {
  return {
    category,
    path: `/v5/public/${category}`,
    isAtomic: true,
    maxArgs: null,
    maxTopics: null,
    pong: (to) => reply(true, 'pong', to, 'ping'),
    ack: (to, op) => reply(true, '', to, op),
    refusal: (to, op, reason) => reply(false, reason, to, op),
    unknownTopic: (topic) => `error:handler not found,topic:${topic}`,
    alreadySubscribed: (topic) => `error:already subscribed,topic:${topic}`,
    unknownOperation: 'error:invalid op',
  }
}

function reply(success: boolean, retMsg: string, { connId, reqId }: ReplyTo, op: string): string {
  return JSON.stringify({ success, ret_msg: retMsg, conn_id: connId, req_id: reqId, op })
}
