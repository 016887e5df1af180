import { isUtf8 } from 'node:buffer'
import {
  type Category,
  CHANNELS,
  type Channel,
  type DeadLetter,
  type DeadLetterCode,
  type GridEvent,
  isSymbol,
} from '@grid/core-events'
import type { ChannelMapper, Envelope, ItemContext } from '../channels/channel-mapper.ts'
import { CHANNEL_DIALECTS } from '../channels/registry.ts'
import { isWireObject } from '../channels/wire.ts'
import { classifyControl } from '../ws/control-frame.ts'
import { type ParsedFrame, parseFrame } from './frame-text.ts'
import { type ByteRange, findElements, findMember } from './json-slice.ts'
import type { Discard, NormalizeResult } from './normalize-result.ts'
import { describeValue, printable } from './printable.ts'

/** Options of {@link createNormalizer}. */
export interface NormalizerOptions {
  /** The category of the socket: the frames themselves do not say. */
  readonly category: 'linear'
}

/** Turns frames into events; holds the ticker merge state of one connection. */
export interface Normalizer {
  /**
   * Maps one frame as received. Never throws, whatever the input.
   *
   * Each item (element of a trade frame's `data`; a ticker frame as a whole) ends in exactly one of
   * the three lists. Acks and pongs give nothing.
   *
   * @param localTsUs receive time in epoch microseconds
   */
  normalize(frame: string | Uint8Array, localTsUs: number): NormalizeResult
  /** Clears the ticker merge state; to be called on every disconnect. */
  reset(): void
}

/**
 * Creates a normalizer for the frames of one public socket, in the order received.
 *
 * @example
 * const normalizer = createNormalizer({ category: 'linear' })
 * const { events, deadLetters, discarded } = normalizer.normalize(text, localTsUs)
 */
export function createNormalizer(options: NormalizerOptions): Normalizer {
  return new FrameNormalizer(options.category)
}

interface Route {
  readonly channel: Channel
  readonly mapper: ChannelMapper
}

/** Where a dead letter was found: what is known of it so far. */
interface Origin {
  readonly channel: Channel | null
  readonly topic: string | null
  readonly symbol: string | null
  readonly localTsUs: number
}

const NO_EVENTS: readonly GridEvent[] = []
const NO_DEAD_LETTERS: readonly DeadLetter[] = []
const NO_DISCARDS: readonly Discard[] = []
const NOTHING: NormalizeResult = {
  events: NO_EVENTS,
  deadLetters: NO_DEAD_LETTERS,
  discarded: NO_DISCARDS,
}
const REPLACEMENT_CHARACTER = '\ufffd'

/** The normalizer, with its two steps apart so that a stream can look at a frame in between. */
export class FrameNormalizer implements Normalizer {
  readonly #category: Category
  readonly #routes: ReadonlyMap<string, Route>

  constructor(category: Category) {
    this.#category = category
    this.#routes = new Map(
      CHANNELS.map((channel) => {
        const dialect = CHANNEL_DIALECTS[channel]
        return [dialect.topicPrefix, { channel, mapper: dialect.createMapper() }]
      }),
    )
  }

  normalize(frame: string | Uint8Array, localTsUs: number): NormalizeResult {
    return this.map(parseFrame(frame), localTsUs)
  }

  reset(): void {
    for (const { mapper } of this.#routes.values()) mapper.reset()
  }

  /** The second step: maps a frame that `parseFrame` has read. */
  map(frame: ParsedFrame, localTsUs: number): NormalizeResult {
    const { value } = frame
    const nowhere: Origin = { channel: null, topic: null, symbol: null, localTsUs }
    if (value === undefined) {
      return this.#refuse('FRAME_NOT_JSON', 'the frame is not JSON', frame, nowhere)
    }
    if (!isWireObject(value)) {
      const reason = `the frame is ${describeValue(value)}, not an object`
      return this.#refuse('FRAME_MALFORMED', reason, frame, nowhere)
    }
    const envelope: Envelope = value
    const { topic } = envelope
    if (typeof topic === 'string') return this.#mapTopic(topic, envelope, frame, localTsUs)
    if (topic === undefined && classifyControl(value) !== null) return NOTHING
    return this.#refuse('FRAME_MALFORMED', `topic is ${describeValue(topic)}`, frame, nowhere)
  }

  #mapTopic(
    topic: string,
    envelope: Envelope,
    frame: ParsedFrame,
    localTsUs: number,
  ): NormalizeResult {
    const dot = topic.indexOf('.')
    const route = this.#routes.get(dot < 0 ? topic : topic.slice(0, dot))
    if (route === undefined) return discardUnsupported(topic, envelope.data)
    const { channel, mapper } = route
    const topicSymbol = topic.slice(dot + 1)
    if (dot < 0 || !isSymbol(topicSymbol) || isGarbled(topicSymbol, frame)) {
      const origin = { channel, topic: printable(topic), symbol: null, localTsUs }
      const reason = `topic ${describeValue(topic)} names no symbol`
      return this.#refuse('FRAME_MALFORMED', reason, frame, origin)
    }
    const items = mapper.items(envelope.data)
    if (items === null) {
      const origin = { channel, topic, symbol: topicSymbol, localTsUs }
      const reason = `data is ${describeValue(envelope.data)}`
      return this.#refuse('FRAME_MALFORMED', reason, frame, origin)
    }
    const context = { category: this.#category, envelope, topicSymbol, localTsUs }
    return this.#mapItems(items, route, topic, context, frame)
  }

  #mapItems(
    items: readonly unknown[],
    { channel, mapper }: Route,
    topic: string,
    context: ItemContext,
    frame: ParsedFrame,
  ): NormalizeResult {
    const events: GridEvent[] = []
    let deadLetters: DeadLetter[] | null = null
    let discarded: Discard[] | null = null
    let ranges: readonly ByteRange[] | null = null
    const bytesOf = (index: number): Uint8Array => {
      ranges ??= itemRanges(frame.bytes(), Array.isArray(context.envelope.data))
      const range = ranges[index]
      return range === undefined ? frame.bytes() : frame.bytes().subarray(range.start, range.end)
    }
    for (const [index, item] of items.entries()) {
      const origin = (): Origin => ({
        channel,
        topic,
        symbol: mapper.symbolOf(item, context),
        localTsUs: context.localTsUs,
      })
      if (!frame.isUtf8 && !isUtf8(bytesOf(index))) {
        deadLetters ??= []
        const reason = 'the item is not valid UTF-8'
        deadLetters.push(
          this.#letter('ITEM_MALFORMED', reason, null, bytesOf(index), {
            ...origin(),
            symbol: context.topicSymbol,
          }),
        )
        continue
      }
      const mapped = mapper.map(item, context)
      if (mapped === null) {
        const fault = mapper.explain(item, context)
        const field = fault.field === null ? null : printable(fault.field)
        const reason = `${field ?? 'the item'} ${fault.message}, got ${describeValue(fault.value)}`
        const raw = fault.inEnvelope ? frame.bytes() : bytesOf(index)
        deadLetters ??= []
        deadLetters.push(this.#letter('ITEM_MALFORMED', reason, field, raw, origin()))
      } else if (typeof mapped === 'string') {
        discarded ??= []
        discarded.push({ channel, topic, symbol: origin().symbol, reason: mapped })
      } else {
        events.push(mapped)
      }
    }
    return {
      events,
      deadLetters: deadLetters ?? NO_DEAD_LETTERS,
      discarded: discarded ?? NO_DISCARDS,
    }
  }

  #refuse(
    code: DeadLetterCode,
    reason: string,
    frame: ParsedFrame,
    origin: Origin,
  ): NormalizeResult {
    return { ...NOTHING, deadLetters: [this.#letter(code, reason, null, frame.bytes(), origin)] }
  }

  #letter(
    code: DeadLetterCode,
    reason: string,
    field: string | null,
    raw: Uint8Array,
    origin: Origin,
  ): DeadLetter {
    // A copy: the socket's buffers are larger than one item and are not ours to keep.
    const kept = new Uint8Array(raw)
    return { code, reason, field, category: this.#category, source: 'ws', raw: kept, ...origin }
  }
}

function discardUnsupported(topic: string, data: unknown): NormalizeResult {
  const discard: Discard = {
    channel: null,
    topic: printable(topic),
    symbol: null,
    reason: 'unsupported_topic',
  }
  const items = Array.isArray(data) ? data.length : 1
  return { ...NOTHING, discarded: new Array<Discard>(items).fill(discard) }
}

function isGarbled(name: string, frame: ParsedFrame): boolean {
  return !frame.isUtf8 && name.includes(REPLACEMENT_CHARACTER)
}

function itemRanges(bytes: Uint8Array, isList: boolean): readonly ByteRange[] {
  const data = findMember(bytes, 'data')
  if (data === null) return []
  return isList ? findElements(bytes, data) : [data]
}
