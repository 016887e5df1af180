import { onTestFinished } from 'vitest'
import {
  BybitPrivateStream,
  type NormalizedPrivateFrame,
  type PrivateFrame,
  type PrivateStreamOptions,
  type PrivateStreamStatus,
  RateLimiter,
} from '../../src/index.ts'
import type { Answer, HandServer } from './hand-server.ts'
import { serve } from './serve.ts'
import {
  ACCOUNT_ID,
  CREDENTIALS,
  envelope,
  type SignedAnswerer,
  type SignedHand,
  signedHand,
} from './signed-hand.ts'
import { SteppedClock } from './stepped-clock.ts'
import { until } from './until.ts'

export type StatusOf<Type extends PrivateStreamStatus['type']> = Extract<
  PrivateStreamStatus,
  { type: Type }
>

/** The exchange's answer to a request of a private socket. */
export function reply(
  op: string,
  req_id: string,
  ret_msg = '',
  success: boolean = ret_msg === '',
): string {
  return JSON.stringify({ req_id, success, ret_msg, op, conn_id: 'c' })
}

/** Lets every key in, acknowledges everything, pongs. */
export const allow: Answer = ({ op, req_id }, socket) => {
  if (op === 'ping') socket.send(JSON.stringify({ req_id, op: 'pong', args: ['1'], conn_id: 'c' }))
  else socket.send(reply(op, req_id))
}

/** Refuses every login in these words. */
export const refuse =
  (words: string): Answer =>
  ({ op, req_id }, socket) =>
    socket.send(op === 'auth' ? reply(op, req_id, words) : reply(op, req_id))

/** No ping during a test: when the clock jumps, each would count as unanswered. */
export const NO_PINGS = { pingIntervalMs: 1e9 } as const

/** REST's answer about a good key. */
export const goodKey: SignedAnswerer = () =>
  envelope(0, '', { id: '1', readOnly: 1, permissions: {}, userID: 7 })

/** A private stream on a stepped clock, its exchange, and everything that it gave out. */
export class WatchedAccount {
  readonly clock: SteppedClock = new SteppedClock()
  readonly stream: BybitPrivateStream
  readonly rest: SignedHand
  readonly statuses: PrivateStreamStatus[] = []
  readonly frames: PrivateFrame[] = []
  readonly normalized: NormalizedPrivateFrame[] = []

  constructor(wsUrl: string, rest: SignedHand, options: Partial<PrivateStreamOptions>) {
    this.rest = rest
    rest.baseMs = () => this.clock.nowMs
    this.stream = new BybitPrivateStream({
      wsUrl,
      restUrl: rest.url,
      accountId: ACCOUNT_ID,
      credentials: CREDENTIALS,
      clock: this.clock,
      limiter: new RateLimiter(),
      random: () => 0.5,
      ...options,
    })
    this.stream.on('status', (status) => this.statuses.push(status))
    this.stream.on('frame', (frame) => this.frames.push(frame))
    this.stream.on('normalized', (frame) => this.normalized.push(frame))
  }

  all<Type extends PrivateStreamStatus['type']>(type: Type): StatusOf<Type>[] {
    return this.statuses.filter((status): status is StatusOf<Type> => status.type === type)
  }

  async told(type: PrivateStreamStatus['type'], times = 1): Promise<void> {
    await until(`${times} × ${type}`, () => this.all(type).length >= times)
  }
}

/** A socket server, a REST server and a stream on them; all end with the test. */
export async function account(
  options: Partial<PrivateStreamOptions> = {},
  answer: Answer = allow,
  rest: SignedAnswerer = goodKey,
): Promise<{ server: HandServer; watched: WatchedAccount }> {
  const server = await serve()
  server.answer = answer
  const watched = new WatchedAccount(server.url, await signedHand(rest), options)
  onTestFinished(() => watched.stream.close())
  return { server, watched }
}
