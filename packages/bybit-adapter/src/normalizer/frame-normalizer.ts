import {
  type Category,
  holdsNumber,
  isSymbol,
  type JsonObject,
  type JsonValue,
  type PublicChannel,
  type PublicEvent,
} from '@grid/core-events'
import { categoryDialect, type PublicCategory } from '../channels/dialect/category-dialect.ts'
import type { ChannelMapper, Envelope, ScannedFrame } from '../channels/dialect/channel-mapper.ts'
import { CAPTURED_CHANNELS, dialectOf } from '../channels/topics.ts'
import { BybitAdapterError } from '../errors.ts'
import { classifyControl } from '../wire/control-frame.ts'
import { exactExtra } from '../wire/exact-values.ts'
import { itemBytes } from '../wire/item-bytes.ts'
import { isPlainText, type ParsedFrame, parseFrame } from '../wire/parsed-frame.ts'
import { describeValue, printable } from '../wire/printable.ts'
import { isWireObject } from '../wire/wire.ts'
import { EventlessItems } from './eventless-items.ts'
import { deadLetter, type Origin, refusedFrame, unknownOrigin } from './frame-dead-letter.ts'
import type { Discard, NormalizeResult } from './normalize-result.ts'

/** Options of {@link createNormalizer}. */
export interface NormalizerOptions {
  /** The category of the socket: frames do not name it. */
  readonly category: PublicCategory
}

/** Turns frames into events; holds the ticker merge state of one connection. */
export interface Normalizer {
  /**
   * Maps one frame as received. Never throws, whatever the input.
   *
   * Each item (an element of a trade frame's `data`, or a ticker frame as a whole) ends up in exactly
   * one of the three lists. Acks and pongs yield nothing.
   *
   * @param localTsUs receive time in epoch microseconds
   */
  normalize(frame: string | Uint8Array, localTsUs: number): NormalizeResult
  /** Clears the ticker merge state; call it on every disconnect. */
  reset(): void
}

/**
 * Creates a normalizer for the frames of one public socket, to be given in the order received.
 *
 * Throws `INVALID_OPTION` for a category that this version does not read.
 *
 * @example
 * const normalizer = createNormalizer({ category: 'linear' })
 * const { events, deadLetters, discarded } = normalizer.normalize(text, localTsUs)
 */
export function createNormalizer({ category }: NormalizerOptions): Normalizer {
  categoryDialect(category)
  return new FrameNormalizer(category)
}

/** What reads the topics of one prefix. */
interface Route {
  readonly channel: PublicChannel
  readonly mapper: ChannelMapper
  /** Whether the topics name a variant between prefix and symbol. */
  readonly hasVariant: boolean
}

/** A topic that was looked up once. */
interface KnownTopic {
  readonly channel: PublicChannel
  readonly mapper: ChannelMapper
  readonly symbol: string
  readonly variant: string | null
}

/** More topics than any connection has: frames with made-up topics must not fill the memory. */
const MAX_KNOWN_TOPICS = 10_000
const NONE: readonly never[] = Object.freeze([])

const REPLACEMENT_CHARACTER = '\ufffd'

/** The normalizer in two steps, so that a stream can look at a parsed frame in between. */
export class FrameNormalizer implements Normalizer {
  readonly #category: Category
  /** By prefix. */
  readonly #routes = new Map<string, Route>()
  readonly #scanners: ChannelMapper[] = []
  readonly #known = new Map<string, KnownTopic>()

  /** @param predecessor the normalizer of a connection that delivers the same: matches count on from it */
  constructor(category: Category, predecessor?: FrameNormalizer) {
    this.#category = category
    for (const channel of CAPTURED_CHANNELS) {
      const dialect = dialectOf(channel)
      const mappers = dialect.createMappers(
        category,
        predecessor === undefined ? undefined : predecessor.#mappersOf(channel),
      )
      const kinds = Map.groupBy(dialect.topicKinds(category), ({ prefix }) => prefix)
      for (const [index, [prefix, [kind]]] of [...kinds].entries()) {
        const mapper = mappers[index]
        if (mapper === undefined) continue
        this.#routes.set(prefix, { channel, mapper, hasVariant: kind?.variant !== undefined })
        if (mapper.scan !== undefined) this.#scanners.push(mapper)
      }
    }
  }

  normalize(frame: string | Uint8Array, localTsUs: number): NormalizeResult {
    return this.read(parseFrame(frame), localTsUs)
  }

  /** Both steps for a frame that `parseFrame` has decoded. */
  read(frame: ParsedFrame, localTsUs: number): NormalizeResult {
    const scanned = this.scan(frame, localTsUs)
    if (scanned === null) return this.map(frame, localTsUs)
    return { events: scanned.events, deadLetters: NONE, discarded: NONE }
  }

  /** A topic's subscription begins anew on the same connection. */
  restart(topic: string): void {
    const known = this.#topicOf(topic)
    known?.mapper.restart?.(known.symbol, known.variant)
  }

  /** A topic is wanted no longer. */
  forget(topic: string): void {
    const known = this.#topicOf(topic)
    known?.mapper.forget?.(known.symbol, known.variant)
    this.#known.delete(topic)
  }

  reset(): void {
    for (const { mapper } of this.#routes.values()) mapper.reset()
  }

  /** Whether both remember something together. */
  sharesWith(other: FrameNormalizer): boolean {
    for (const [prefix, { mapper }] of this.#routes)
      if (mapper === other.#mapperOf(prefix)) return true
    return false
  }

  /**
   * What is remembered between frames, as plain JSON, by prefix.
   *
   * @param sharing a normalizer whose checkpoint holds what both remember together
   */
  checkpoint(sharing?: FrameNormalizer): JsonObject {
    const state: Record<string, JsonValue> = {}
    const other = sharing === undefined ? null : sharing.#routes
    for (const [prefix, { mapper }] of this.#routes) {
      if (mapper.checkpoint === undefined || mapper === other?.get(prefix)?.mapper) continue
      state[prefix] = mapper.checkpoint()
    }
    return state
  }

  /** Puts back what `checkpoint` gave; throws `CHECKPOINT_UNREADABLE`. */
  restore(state: JsonObject): void {
    for (const [prefix, part] of Object.entries(state)) {
      try {
        this.#mapperOf(prefix)?.restore?.(part)
      } catch (cause) {
        const message = `the checkpoint of ${printable(prefix)} is not one that this version writes`
        throw new BybitAdapterError('CHECKPOINT_UNREADABLE', message, { cause })
      }
    }
  }

  #mapperOf(prefix: string): ChannelMapper | undefined {
    return this.#routes.get(prefix)?.mapper
  }

  #mappersOf(channel: PublicChannel): readonly ChannelMapper[] {
    const routes = [...this.#routes.values()].filter((route) => route.channel === channel)
    return routes.map(({ mapper }) => mapper)
  }

  /** The events of a frame that needs no parsing; null for all others. */
  scan({ text, isUtf8 }: ParsedFrame, localTsUs: number): ScannedFrame | null {
    if (!isUtf8) return null
    for (const mapper of this.#scanners) {
      const scanned = mapper.scan?.(text, localTsUs) ?? null
      if (scanned !== null) return scanned
    }
    return null
  }

  /** The second step: maps a frame that `parseFrame` has read. */
  map(frame: ParsedFrame, localTsUs: number): NormalizeResult {
    const { value } = frame
    if (!isWireObject(value)) return this.#refuseValue(frame, localTsUs)
    const envelope: Envelope = value
    const { topic } = envelope
    const known = typeof topic === 'string' ? this.#known.get(topic) : undefined
    // Garbled bytes may have made one topic of another.
    if (known === undefined || !frame.isUtf8) return this.#mapUnknown(frame, envelope, localTsUs)
    return this.#mapItems(known, frame, envelope, localTsUs)
  }

  #refuseValue(frame: ParsedFrame, localTsUs: number): NormalizeResult {
    const origin = unknownOrigin(this.#category, localTsUs)
    if (frame.value !== undefined) return malformed(frame, origin, 'the frame', frame.value)
    return refusedFrame(
      deadLetter(origin, 'FRAME_NOT_JSON', 'the frame is not JSON', frame.bytes()),
    )
  }

  #mapUnknown(frame: ParsedFrame, envelope: Envelope, localTsUs: number): NormalizeResult {
    const { topic } = envelope
    const unknown = unknownOrigin(this.#category, localTsUs)
    if (typeof topic !== 'string') {
      if (classifyControl(envelope) !== null) {
        return { events: NONE, deadLetters: NONE, discarded: NONE }
      }
      return malformed(frame, unknown, 'topic', topic)
    }
    const prefix = this.#prefixOf(topic)
    const route = this.#routes.get(prefix)
    if (route === undefined) return unsupported(topic, envelope.data)
    const known = topicOf(topic, prefix, route)
    const isGarbled = !frame.isUtf8 && topic.includes(REPLACEMENT_CHARACTER)
    if (known === null || isGarbled) {
      const origin = { ...unknown, channel: route.channel, topic: printable(topic) }
      return malformed(frame, origin, 'topic', topic)
    }
    if (this.#known.size >= MAX_KNOWN_TOPICS) this.#known.clear()
    this.#known.set(topic, known)
    return this.#mapItems(known, frame, envelope, localTsUs)
  }

  /** What reads a topic, whether or not a frame of it has come: nothing may hang on that. */
  #topicOf(topic: string): KnownTopic | null {
    const prefix = this.#prefixOf(topic)
    const route = this.#routes.get(prefix)
    return route === undefined ? null : topicOf(topic, prefix, route)
  }

  /** `tickers` of `tickers.BTCUSDT`, `orderbook.1` of `orderbook.1.BTCUSDT`. */
  #prefixOf(topic: string): string {
    const [first = '', second] = topic.split('.', 2)
    const longer = `${first}.${second}`
    return this.#routes.has(longer) ? longer : first
  }

  #mapItems(
    { channel, mapper, symbol: topicSymbol, variant }: KnownTopic,
    frame: ParsedFrame,
    envelope: Envelope,
    localTsUs: number,
  ): NormalizeResult {
    const category = this.#category
    const { data } = envelope
    if (mapper.isList ? !Array.isArray(data) : !isWireObject(data)) {
      const topic = printable(String(envelope.topic))
      const origin = { category, channel, topic, symbol: topicSymbol, localTsUs }
      return malformed(frame, origin, 'data', data)
    }
    const items = mapper.isList ? (data as readonly unknown[]) : null
    const count = items === null ? 1 : items.length
    const isPlain = count > 2 && isPlainText(frame.text)
    const context = { category, envelope, topicSymbol, variant, localTsUs, isPlain }
    let events: PublicEvent[] | null = null
    let eventless: EventlessItems | null = null
    let bytesOf: ((index: number) => Uint8Array) | null = null
    for (let index = 0; index < count; index++) {
      if (!frame.isUtf8) {
        eventless ??= new EventlessItems(channel, mapper, context, frame)
        if (eventless.takesGarbled(index)) continue
      }
      const item = items === null ? data : items[index]
      const mapped = mapper.map(item, context)
      if (mapped === null || typeof mapped === 'string') {
        eventless ??= new EventlessItems(channel, mapper, context, frame)
        eventless.take(index, item, mapped)
      } else if (hasInexactExtra(mapped)) {
        bytesOf ??= itemBytes(frame)
        events ??= []
        events.push(withExtra(mapped, exactExtra(mapped.extra, bytesOf(index))))
      } else if (events === null) {
        events = [mapped]
      } else {
        events.push(mapped)
      }
    }
    return {
      events: events ?? NONE,
      deadLetters: eventless === null ? NONE : eventless.deadLetters,
      discarded: eventless === null ? NONE : eventless.discarded,
    }
  }
}

/** Whether an event has keys that are not known, with numbers: `JSON.parse` may have rounded them. */
function hasInexactExtra<Event extends object>(
  event: Event,
): event is Event & { readonly extra: JsonObject } {
  const { extra } = event as { readonly extra?: JsonObject | null }
  return extra !== undefined && extra !== null && holdsNumber(extra)
}

function withExtra<Event extends PublicEvent>(
  event: Event & { readonly extra: JsonObject },
  extra: JsonObject,
): Event {
  return { ...event, extra }
}

/** A topic of a route; null if its last part is no symbol. */
function topicOf(topic: string, prefix: string, route: Route): KnownTopic | null {
  const [variant, symbol] = partsOf(topic.slice(prefix.length + 1), route)
  if (!isSymbol(symbol)) return null
  return { channel: route.channel, mapper: route.mapper, symbol: interned(symbol), variant }
}

/** The variant and the symbol in the rest of a topic; a variant that is missing leaves no symbol. */
function partsOf(rest: string, { hasVariant }: Route): [variant: string | null, symbol: string] {
  if (!hasVariant) return [null, rest]
  const dot = rest.indexOf('.')
  return dot === -1 ? [null, ''] : [rest.slice(0, dot), rest.slice(dot + 1)]
}

/** The same text as V8 keeps it for keys: comparing a parsed text with it is faster. */
function interned(text: string): string {
  return Object.keys({ [text]: null })[0] ?? text
}

function malformed(
  frame: ParsedFrame,
  origin: Origin,
  part: string,
  value: unknown,
): NormalizeResult {
  const reason = `${part} is ${describeValue(value)}`
  return refusedFrame(deadLetter(origin, 'FRAME_MALFORMED', reason, frame.bytes()))
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
