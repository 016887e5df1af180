/** A frame that is not data. */
export type ControlFrame =
  | { readonly kind: 'pong' }
  | {
      readonly kind: 'ack'
      readonly op: string
      /** The request's id as echoed; null when the socket family echoes none. */
      readonly reqId: string | null
      readonly ok: boolean
      readonly message: string
    }
  | { readonly kind: 'unknown' }

interface WireControl {
  readonly topic?: unknown
  readonly op?: unknown
  readonly type?: unknown
  readonly req_id?: unknown
  readonly reqId?: unknown
  readonly success?: unknown
  readonly retCode?: unknown
  readonly ret_msg?: unknown
  readonly retMsg?: unknown
  readonly data?: unknown
}

const ACK_OPS: ReadonlySet<unknown> = new Set(['auth', 'subscribe', 'unsubscribe'])

/**
 * Tells control frames from data, for every socket family of the exchange.
 *
 * Pongs come as `op: "pong"` and as `op: "ping"` with the message `pong`; acks with `success`, with
 * `retCode`, or as `COMMAND_RESP` with lists of topics. Returns null for data, and for frames that
 * are neither.
 *
 * @example
 * classifyControl({ op: 'pong', args: ['1760000000000'] }) // { kind: 'pong' }
 */
export function classifyControl(frame: object): ControlFrame | null {
  if ((frame as WireControl).topic !== undefined) return null
  const { op, type, success, retCode, ...rest }: WireControl = frame
  const message = text(rest.ret_msg) ?? text(rest.retMsg) ?? ''
  if (op === 'pong' || (op === 'ping' && message === 'pong')) return { kind: 'pong' }
  const reqId = text(rest.req_id) ?? text(rest.reqId)
  if (type === 'COMMAND_RESP') {
    const failed = failedTopics(rest.data)
    return {
      kind: 'ack',
      op: 'subscribe',
      reqId,
      ok: success === true && failed.length === 0,
      message: failed.length === 0 ? message : `refused topics: ${failed.join(', ')}`,
    }
  }
  if (typeof op === 'string' && ACK_OPS.has(op)) {
    return { kind: 'ack', op, reqId, ok: success === true || retCode === 0, message }
  }
  const looksLikeControl =
    typeof op === 'string' || typeof success === 'boolean' || typeof retCode === 'number'
  return looksLikeControl ? { kind: 'unknown' } : null
}

function failedTopics(data: unknown): readonly unknown[] {
  const failed =
    typeof data === 'object' && data !== null && 'failTopics' in data && data.failTopics
  return Array.isArray(failed) ? failed : []
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
