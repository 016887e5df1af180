import type { ParsedFrame } from './parsed-frame.ts'
import { isWireObject } from './wire.ts'

/** A frame that is not data. */
export type ControlFrame =
  | { readonly kind: 'pong' }
  | {
      readonly kind: 'ack'
      readonly op: string
      /** The request's id as echoed; null if the socket echoes none. */
      readonly reqId: string | null
      readonly ok: boolean
      readonly message: string
      /** The topics that it answers for; null unless it lists them, which only option sockets do. */
      readonly topics: { readonly succeeded: string[]; readonly failed: string[] } | null
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

/** A frame that begins so has a topic, whatever follows: it is data, and need not be parsed to know. */
const DATA_START = '{"topic":'

/** The control frame in a text frame; null for everything else. */
export function controlOf(frame: ParsedFrame): ControlFrame | null {
  if (frame.text.startsWith(DATA_START) || !isWireObject(frame.value)) return null
  return classifyControl(frame.value)
}

/**
 * Reads a control frame of any of the exchange's sockets; null for data and for frames that are neither.
 *
 * Pongs come as `op: "pong"` and as `op: "ping"` with the message `pong`; acks with `success`, with
 * `retCode`, or as `COMMAND_RESP` with lists of topics.
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
    const topics = listedTopics(rest.data)
    const ok = success === true && topics?.failed.length === 0
    return { kind: 'ack', op: 'subscribe', reqId, ok, message, topics }
  }
  if (typeof op === 'string' && ACK_OPS.has(op)) {
    const ok = success === true || retCode === 0
    return { kind: 'ack', op, reqId, ok, message, topics: null }
  }
  const looksLikeControl =
    typeof op === 'string' || typeof success === 'boolean' || typeof retCode === 'number'
  return looksLikeControl ? { kind: 'unknown' } : null
}

function listedTopics(data: unknown): (ControlFrame & { kind: 'ack' })['topics'] {
  if (typeof data !== 'object' || data === null) return null
  const { successTopics, failTopics }: { successTopics?: unknown; failTopics?: unknown } = data
  const succeeded = texts(successTopics)
  const failed = texts(failTopics)
  return succeeded.length + failed.length === 0 ? null : { succeeded, failed }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((element) => typeof element === 'string') : []
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
