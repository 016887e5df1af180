import type { Dialect, ReplyTo } from './dialect.ts'

/** Control frames of `/v5/public/spot`: `req_id` is present only when the request had one. */
export const SPOT_DIALECT: Dialect = {
  category: 'spot',
  path: '/v5/public/spot',
  isAtomic: true,
  maxArgs: { count: 10, refusal: 'args size >10' },
  maxTopics: null,
  pong: (to) => reply(true, 'pong', to, 'ping'),
  ack: (to, op) => reply(true, op, to, op),
  refusal: (to, op, reason) => reply(false, reason, to, op),
  unknownTopic: (topic) => `Invalid symbol :[${topic}]`,
  alreadySubscribed: (topic) => `error:already subscribed,topic:${topic}`,
  unknownOperation: 'error:invalid op',
}

function reply(success: boolean, retMsg: string, { connId, reqId }: ReplyTo, op: string): string {
  return JSON.stringify({
    success,
    ret_msg: retMsg,
    conn_id: connId,
    ...(reqId === '' ? {} : { req_id: reqId }),
    op,
  })
}
