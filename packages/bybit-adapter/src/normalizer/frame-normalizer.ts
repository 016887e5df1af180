import { isUtf8 } from 'node:buffer'
import {
  type Category,
  CHANNELS,
  type Channel,
  type DeadLetter,
  type GridEvent,
  isSymbol,
} from '@grid/core-events'
import type { ChannelMapper, Envelope, ItemContext } from '../channels/channel-mapper.ts'
import { CHANNEL_DIALECTS } from '../channels/registry.ts'
import { isWireObject } from '../channels/wire.ts'
import { classifyControl } from '../ws/control-frame.ts'
import { deadLetter, type Origin, unknownOrigin } from './frame-dead-letter.ts'
import { itemBytes } from './item-bytes.ts'
import type { Discard, NormalizeResult } from './normalize-result.ts'
import type { Normalizer } from './normalizer.ts'
import { type ParsedFrame, parseFrame } from './parsed-frame.ts'
import { describeValue, printable } from './printable.ts'

interface Route {
  readonly channel: Channel
  readonly mapper: ChannelMapper
}

const REPLACEMENT_CHARACTER = '\ufffd'

/** The normalizer in two steps, so that a stream can look at a parsed frame in between. */
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
    const origin = unknownOrigin(this.#category, localTsUs)
    if (value === undefined) {
      return refused([deadLetter(origin, 'FRAME_NOT_JSON', 'the frame is not JSON', frame.bytes())])
    }
    if (!isWireObject(value)) return malformed(frame, origin, 'the frame', value)
    const envelope: Envelope = value
    const { topic } = envelope
    if (typeof topic === 'string') return this.#mapTopic(topic, envelope, frame, origin)
    if (classifyControl(value) !== null) return { events: [], deadLetters: [], discarded: [] }
    return malformed(frame, origin, 'topic', topic)
  }

  #mapTopic(
    topic: string,
    envelope: Envelope,
    frame: ParsedFrame,
    unknown: Origin,
  ): NormalizeResult {
    const dot = topic.indexOf('.')
    const route = this.#routes.get(dot < 0 ? topic : topic.slice(0, dot))
    if (route === undefined) return unsupported(topic, envelope.data)
    const { channel, mapper } = route
    const topicSymbol = dot < 0 ? '' : topic.slice(dot + 1)
    const origin = { ...unknown, channel, topic: printable(topic) }
    const isGarbled = !frame.isUtf8 && topicSymbol.includes(REPLACEMENT_CHARACTER)
    if (!isSymbol(topicSymbol) || isGarbled) return malformed(frame, origin, 'topic', topic)
    const items = mapper.items(envelope.data)
    const located = { ...origin, symbol: topicSymbol }
    if (items === null) return malformed(frame, located, 'data', envelope.data)
    const context = {
      category: this.#category,
      envelope,
      topicSymbol,
      localTsUs: unknown.localTsUs,
    }
    return mapItems(items, mapper, context, frame, located)
  }
}

function mapItems(
  items: readonly unknown[],
  mapper: ChannelMapper,
  context: ItemContext,
  frame: ParsedFrame,
  origin: Origin,
): NormalizeResult {
  const events: GridEvent[] = []
  const deadLetters: DeadLetter[] = []
  const discarded: Discard[] = []
  const bytesOf = itemBytes(frame)
  for (let index = 0; index < items.length; index++) {
    const item = items[index]
    if (!frame.isUtf8 && !isUtf8(bytesOf(index))) {
      const reason = 'the item is not valid UTF-8'
      deadLetters.push(deadLetter(origin, 'ITEM_MALFORMED', reason, bytesOf(index)))
      continue
    }
    const mapped = mapper.map(item, context)
    if (mapped !== null && typeof mapped !== 'string') {
      events.push(mapped)
      continue
    }
    const { channel, topic } = origin
    const symbol = mapper.symbolOf(item, context)
    if (mapped !== null) {
      discarded.push({ channel, topic, symbol, reason: mapped })
      continue
    }
    const fault = mapper.explain(item, context)
    const field = fault.field === null ? null : printable(fault.field)
    const reason = `${field ?? 'the item'} ${fault.message}, got ${describeValue(fault.value)}`
    const raw = fault.inEnvelope ? frame.bytes() : bytesOf(index)
    deadLetters.push(deadLetter({ ...origin, symbol }, 'ITEM_MALFORMED', reason, raw, field))
  }
  return { events, deadLetters, discarded }
}

function malformed(
  frame: ParsedFrame,
  origin: Origin,
  part: string,
  value: unknown,
): NormalizeResult {
  const reason = `${part} is ${describeValue(value)}`
  return refused([deadLetter(origin, 'FRAME_MALFORMED', reason, frame.bytes())])
}

function refused(deadLetters: readonly DeadLetter[]): NormalizeResult {
  return { events: [], deadLetters, discarded: [] }
}

function unsupported(topic: string, data: unknown): NormalizeResult {
  const discard: Discard = {
    channel: null,
    topic: printable(topic),
    symbol: null,
    reason: 'unsupported_topic',
  }
  const items = Array.isArray(data) ? data.length : 1
  return { events: [], deadLetters: [], discarded: new Array<Discard>(items).fill(discard) }
}
