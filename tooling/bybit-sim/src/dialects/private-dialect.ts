import type { Dialect, ReplyTo } from './dialect.ts'

/** Control frames of `/v5/private`: `req_id` comes first, and only when the request had one. */
export const PRIVATE_DIALECT: Dialect = {
  category: 'private',
  path: '/v5/private',
  isAtomic: true,
  maxArgs: null,
  maxTopics: null,
  pong: (to, nowMs) =>
    JSON.stringify({ ...reqId(to), op: 'pong', args: [String(nowMs)], conn_id: to.connId }),
  ack: (to, op) => privateReply(true, '', to, op),
  refusal: (to, op, reason) => privateReply(false, reason, to, op),
  unknownTopic: (topic) => `error:handler not found,topic:${topic}`,
  alreadySubscribed: (topic) => `error:already subscribed,topic:${topic}`,
  unknownOperation: 'error:invalid op',
}

/** An acknowledgement or a refusal. */
export function privateReply(success: boolean, retMsg: string, to: ReplyTo, op: string): string {
  return JSON.stringify({ ...reqId(to), success, ret_msg: retMsg, op, conn_id: to.connId })
}

function reqId(to: ReplyTo): { readonly req_id?: string } {
  return to.reqId === '' ? {} : { req_id: to.reqId }
}
