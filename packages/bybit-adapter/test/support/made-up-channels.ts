import type { PublicChannel, PublicEvent } from '@grid/core-events'
import { bySymbol, type ChannelDialect } from '../../src/channels/dialect/channel-dialect.ts'
import type { ChannelMapper, ItemContext } from '../../src/channels/dialect/channel-mapper.ts'
import { BybitAdapterError } from '../../src/errors.ts'

/** An event of a channel that does not exist. */
export interface MadeUpEvent {
  readonly channel: string
  readonly symbol: string
  readonly exchangeTs: number
  readonly variant: string | null
  readonly isSnapshot: boolean
}

/** Maps `{ T }` items, each an event at its time. */
class MadeUpMapper implements ChannelMapper {
  readonly isList = true
  readonly #channel: string

  constructor(channel: string) {
    this.#channel = channel
  }

  map(item: unknown, { category, topicSymbol, variant, envelope, localTsUs }: ItemContext) {
    const { T } = item as { T: number }
    const isSnapshot = envelope.type === 'snapshot'
    const stamp = { category, symbol: topicSymbol, exchangeTs: T, localTsUs, source: 'ws' }
    return { channel: this.#channel, ...stamp, variant, isSnapshot } as unknown as PublicEvent
  }

  explain() {
    return { field: null, inEnvelope: false, value: null, message: 'is unreadable' }
  }

  symbolOf(_item: unknown, { topicSymbol }: ItemContext): string {
    return topicSymbol
  }

  reset(): void {}
}

/** A channel that may be quiet while its symbol trades; its events prove trades all the same. */
const forcedDialect: ChannelDialect = {
  channel: 'forced' as PublicChannel,
  topicKinds: () => [{ prefix: 'forced', proof: 'ack', speaksOnTrade: false, tailOf: bySymbol }],
  createMappers: () => [new MadeUpMapper('forced')],
  createTradeWitness: () => ({ provesTrade: () => true, forget: () => {} }),
}

/** What may be chosen of the channel `depth`. */
export interface DepthOptions {
  readonly levels: readonly number[]
}

/** A channel with variants that opens with a snapshot. */
const depthDialect: ChannelDialect<PublicChannel, DepthOptions> = {
  channel: 'depth' as PublicChannel,
  topicKinds: (_category, { levels } = { levels: [50] }) => {
    if (levels.some((level) => level > 1000)) {
      throw new BybitAdapterError('INVALID_OPTION', 'channelOptions.depth.levels', {
        option: 'channelOptions',
      })
    }
    return levels.map((level) => ({
      prefix: 'depth',
      variant: String(level),
      proof: 'snapshot',
      speaksOnTrade: false,
      tailOf: bySymbol,
    }))
  },
  createMappers: () => [new MadeUpMapper('depth')],
  isSnapshot: (event) => (event as unknown as MadeUpEvent).isSnapshot,
}

/** The registry with the made-up channels added: mock `channels/registry.ts` with it. */
export function withMadeUpChannels<Registry extends { readonly CHANNEL_DIALECTS: object }>(
  registry: Registry,
): Registry {
  const { CHANNEL_DIALECTS } = registry
  const dialects = { ...CHANNEL_DIALECTS, forced: forcedDialect, depth: depthDialect }
  return { ...registry, CHANNEL_DIALECTS: dialects }
}

/** Names of channels, made-up ones included, with the type of real ones. */
export function channels(...names: readonly string[]): readonly PublicChannel[] {
  return names as readonly PublicChannel[]
}

/** The text of a frame of a made-up channel. */
export function madeUpFrame(topic: string, type: 'snapshot' | 'delta', ...times: number[]): string {
  return JSON.stringify({ topic, type, ts: 1_760_000_000_000, data: times.map((T) => ({ T })) })
}
