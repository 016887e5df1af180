import {
  type Category,
  type Channel,
  type DeadLetter,
  type DeadLetterCode,
  isAccountId,
  PRIVATE_CHANNELS,
  type PrivateChannel,
  type PrivateEvent,
  parseExchangeTs,
} from '@grid/core-events'
import { isCategory } from '../channels/account/value-readers.ts'
import { BybitAdapterError } from '../errors.ts'
import { classifyControl } from '../wire/control-frame.ts'
import { type ParsedFrame, parseFrame } from '../wire/parsed-frame.ts'
import { describeValue, printable } from '../wire/printable.ts'
import { isWireObject, type WireObject } from '../wire/wire.ts'
import { BINARY_REASON, type OversizedFrame, oversizedReason } from './frame-dead-letter.ts'
import type { Discard, NormalizeResult } from './normalize-result.ts'
import { isKept, type PrivateFilter } from './private-filter.ts'
import { mapElements } from './private-items.ts'

/** Options of {@link createPrivateNormalizer}. */
export interface PrivateNormalizerOptions {
  /** The account whose socket it is, a UUID in lower case: messages do not name it. */
  readonly accountId: string
  /** Which events to keep. Default all. */
  readonly filter?: PrivateFilter
}

/** Turns the frames of an account's socket into events; remembers nothing between frames. */
export interface PrivateNormalizer {
  /**
   * Maps one frame as received. Never throws, whatever the input.
   *
   * Each item (an element of `data`, or a coin of a wallet) ends up in exactly one of the three lists.
   * Acks and pongs yield nothing.
   *
   * @param localTsUs receive time in epoch microseconds
   */
  normalize(frame: string | Uint8Array, localTsUs: number): NormalizeResult<PrivateEvent>
}

/**
 * Creates a normalizer for the frames of one account's private socket.
 *
 * It reads the topics `execution`, `order`, `position` and `wallet`, with or without a category; other
 * topics, such as `execution.fast`, are discarded as `unsupported_topic`, and rows of Event Contracts
 * (category `event`) as `category_not_captured`. Throws `INVALID_OPTION` for
 * an account id that is no UUID in lower case.
 *
 * @example
 * const normalizer = createPrivateNormalizer({ accountId })
 * const { events, deadLetters, discarded } = normalizer.normalize(text, localTsUs)
 */
export function createPrivateNormalizer(options: PrivateNormalizerOptions): PrivateNormalizer {
  return new PrivateFrameNormalizer(options)
}

/** The normalizer in two steps, so that a stream can look at a parsed frame in between. */
export class PrivateFrameNormalizer implements PrivateNormalizer {
  readonly #accountId: string
  readonly #filter: PrivateFilter

  constructor({ accountId, filter = {} }: PrivateNormalizerOptions) {
    if (!isAccountId(accountId)) {
      const message = `accountId must be a UUID in lower case, got ${describeValue(accountId)}`
      throw new BybitAdapterError('INVALID_OPTION', message, { option: 'accountId' })
    }
    this.#accountId = accountId
    this.#filter = filter
  }

  normalize(frame: string | Uint8Array, localTsUs: number): NormalizeResult<PrivateEvent> {
    return this.map(parseFrame(frame), localTsUs)
  }

  /** The second step: maps a frame that `parseFrame` has read. */
  map(frame: ParsedFrame, localTsUs: number): NormalizeResult<PrivateEvent> {
    const { value } = frame
    if (value === undefined) {
      return this.#refuse('FRAME_NOT_JSON', 'the frame is not JSON', frame, localTsUs)
    }
    if (!isWireObject(value)) {
      const reason = `the frame is ${describeValue(value)}`
      return this.#refuse('FRAME_MALFORMED', reason, frame, localTsUs)
    }
    const topic = value['topic']
    if (typeof topic !== 'string') {
      if (classifyControl(value) !== null) return { events: [], deadLetters: [], discarded: [] }
      const reason = `topic is ${describeValue(topic)}`
      return this.#refuse('FRAME_MALFORMED', reason, frame, localTsUs)
    }
    const route = routeOf(topic)
    const data = value['data']
    if (route === null) return unsupported(topic, data)
    if (!Array.isArray(data)) {
      const reason = `data is ${describeValue(data)}`
      return this.#refuse('FRAME_MALFORMED', reason, frame, localTsUs, { ...route, topic })
    }
    return this.#mapItems(route, topic, data, value, frame, localTsUs)
  }

  /** Makes a dead letter of a binary frame. */
  refuseBinary(frame: ParsedFrame, localTsUs: number): NormalizeResult<PrivateEvent> {
    return this.#refuse('FRAME_NOT_JSON', BINARY_REASON, frame, localTsUs)
  }

  /** Makes a dead letter of a frame beyond the payload limit, which was never received whole. */
  refuseOversized(frame: OversizedFrame): NormalizeResult<PrivateEvent> {
    const nothing = { bytes: () => new Uint8Array(0) }
    return this.#refuse('FRAME_TOO_LARGE', oversizedReason(frame), nothing, frame.localTsUs)
  }

  /** Makes a dead letter of a whole frame. */
  #refuse(
    code: DeadLetterCode,
    reason: string,
    frame: Pick<ParsedFrame, 'bytes'>,
    localTsUs: number,
    origin: Partial<Route> & { readonly topic?: string } = {},
  ): NormalizeResult<PrivateEvent> {
    const { channel = null, category = null, topic = null } = origin
    const letter: DeadLetter = {
      code,
      reason,
      field: null,
      category,
      channel,
      topic: topic === null ? null : printable(topic),
      symbol: null,
      accountId: this.#accountId,
      source: 'ws',
      localTsUs,
      // A copy: a view would keep the socket's whole buffer in memory.
      raw: new Uint8Array(frame.bytes()),
    }
    return { events: [], deadLetters: [letter], discarded: [] }
  }

  #mapItems(
    { channel, category }: Route,
    topic: string,
    data: readonly unknown[],
    envelope: WireObject,
    frame: ParsedFrame,
    localTsUs: number,
  ): NormalizeResult<PrivateEvent> {
    const time = envelope['creationTime']
    const exchangeTs = parseExchangeTs(time) ?? null
    const accountId = this.#accountId
    const context = { accountId, category, time, exchangeTs, localTsUs, source: 'ws' } as const
    const origin = { topic, path: ['data'], isUtf8: frame.isUtf8, bytes: () => frame.bytes() }
    const mapped = mapElements<PrivateChannel>(channel, data, context, origin)
    const { deadLetters, uncaptured } = mapped
    const events = mapped.events.filter((event) => isKept(this.#filter, event))
    const filtered = mapped.events.filter((event) => !isKept(this.#filter, event))
    const discarded = [
      ...filtered.map((event) =>
        discard(channel, topic, 'symbol' in event ? event.symbol : null, 'filtered'),
      ),
      ...uncaptured.map((symbol) => discard(channel, topic, symbol, 'category_not_captured')),
    ]
    return { events, deadLetters, discarded }
  }
}

interface Route {
  readonly channel: PrivateChannel
  /** Null for a topic of all categories. */
  readonly category: Category | null
}

function routeOf(topic: string): Route | null {
  const dot = topic.indexOf('.')
  const name = dot === -1 ? topic : topic.slice(0, dot)
  const tail = dot === -1 ? null : topic.slice(dot + 1)
  const channel = PRIVATE_CHANNELS.find((known) => known === name)
  if (channel === undefined) return null
  if (tail === null) return { channel, category: null }
  return isCategory(tail) && channel !== 'wallet' ? { channel, category: tail } : null
}

function unsupported(topic: string, data: unknown): NormalizeResult<PrivateEvent> {
  const items = Array.isArray(data) ? data.length : 1
  const one = discard(null, topic, null, 'unsupported_topic')
  return { events: [], deadLetters: [], discarded: new Array<Discard>(items).fill(one) }
}

function discard(
  channel: Channel | null,
  topic: string,
  symbol: string | null,
  reason: Discard['reason'],
): Discard {
  return { channel, topic: printable(topic), symbol, reason }
}
