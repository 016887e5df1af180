import { isUtf8 } from 'node:buffer'
import type { DeadLetter, PublicChannel } from '@grid/core-events'
import type { ChannelMapper, ItemContext } from '../channels/dialect/channel-mapper.ts'
import type { DiscardReason } from '../channels/dialect/discard-reason.ts'
import { itemBytes } from '../wire/item-bytes.ts'
import type { ParsedFrame } from '../wire/parsed-frame.ts'
import { describeValue, printable } from '../wire/printable.ts'
import { deadLetter } from './frame-dead-letter.ts'
import type { Discard } from './normalize-result.ts'

/** Collects the items of a frame that yield no event. Most frames have none. */
export class EventlessItems {
  readonly deadLetters: DeadLetter[] = []
  readonly discarded: Discard[] = []
  readonly #channel: PublicChannel
  readonly #mapper: ChannelMapper
  readonly #context: ItemContext
  readonly #frame: ParsedFrame
  readonly #topic: string
  readonly #bytesOf: (index: number) => Uint8Array

  constructor(
    channel: PublicChannel,
    mapper: ChannelMapper,
    context: ItemContext,
    frame: ParsedFrame,
  ) {
    this.#channel = channel
    this.#mapper = mapper
    this.#context = context
    this.#frame = frame
    this.#topic = printable(String(context.envelope.topic))
    this.#bytesOf = itemBytes(frame)
  }

  /** Makes a dead letter of an item whose bytes are not UTF-8; tells whether it did. */
  takesGarbled(index: number): boolean {
    const bytes = this.#bytesOf(index)
    if (isUtf8(bytes)) return false
    this.#refuse(this.#context.topicSymbol, 'the item is not valid UTF-8', bytes, null)
    return true
  }

  /** Takes an item that a mapper discarded for a reason, or found malformed (null). */
  take(index: number, item: unknown, outcome: DiscardReason | null): void {
    const symbol = this.#mapper.symbolOf(item, this.#context)
    if (outcome !== null) {
      const topic = this.#topic
      this.discarded.push({ channel: this.#channel, topic, symbol, reason: outcome })
      return
    }
    const fault = this.#mapper.explain(item, this.#context)
    const field = fault.field === null ? null : printable(fault.field)
    const reason = `${field ?? 'the item'} ${fault.message}, got ${describeValue(fault.value)}`
    const raw = fault.inEnvelope ? this.#frame.bytes() : this.#bytesOf(index)
    this.#refuse(symbol, reason, raw, field)
  }

  #refuse(symbol: string | null, reason: string, raw: Uint8Array, field: string | null): void {
    const { category, localTsUs } = this.#context
    const origin = { category, channel: this.#channel, topic: this.#topic, symbol, localTsUs }
    this.deadLetters.push(deadLetter(origin, 'ITEM_MALFORMED', reason, raw, field))
  }
}
