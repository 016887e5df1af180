import type { Dialect } from './dialect.ts'

/**
 * Control frames of `/v5/public/option`: acknowledgements name the topics, but neither the operation
 * nor the `req_id`; a pong carries only the time.
 */
export const OPTION_DIALECT: Dialect = {
  category: 'option',
  path: '/v5/public/option',
  isAtomic: false,
  maxArgs: null,
  maxTopics: 2000,
  pong: (_, nowMs) => JSON.stringify({ args: [String(nowMs)], op: 'pong' }),
  ack: ({ connId }, _, done, failed) =>
    JSON.stringify({
      success: failed.length === 0,
      conn_id: connId,
      data: { failTopics: failed, successTopics: done },
      type: 'COMMAND_RESP',
    }),
  refusal: ({ connId, reqId }, op, reason) =>
    JSON.stringify({ success: false, ret_msg: reason, conn_id: connId, req_id: reqId, op }),
  unknownTopic: (topic) => `error:handler not found,topic:${topic}`,
  alreadySubscribed: (topic) => `error:already subscribed,topic:${topic}`,
  unknownOperation: 'error:invalid op',
}
