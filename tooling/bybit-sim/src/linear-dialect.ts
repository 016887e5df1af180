import type { Dialect } from './dialect.ts'

/** Control frames of `/v5/public/linear`: `req_id` is always there, empty when none was sent. */
export const LINEAR_DIALECT: Dialect = {
  path: '/v5/public/linear',
  pong: (connId, reqId) => reply(true, 'pong', connId, reqId, 'ping'),
  ack: (connId, reqId, op) => reply(true, '', connId, reqId, op),
  refusal: (connId, reqId, op, reason) => reply(false, reason, connId, reqId, op),
  unknownTopic: (topic) => `error:handler not found,topic:${topic}`,
  alreadySubscribed: (topic) => `error:already subscribed,topic:${topic}`,
  unknownOperation: 'error:invalid op',
}

function reply(
  success: boolean,
  retMsg: string,
  connId: string,
  reqId: string,
  op: string,
): string {
  return JSON.stringify({ success, ret_msg: retMsg, conn_id: connId, req_id: reqId, op })
}
