import type { Gap } from '@grid/core-events'
import {
  BybitPublicStream,
  type Frame,
  type NormalizedFrame,
  type PublicStreamOptions,
  type StreamStatus,
} from '../../src/index.ts'
import { SteppedClock } from './stepped-clock.ts'
import { until } from './until.ts'

type StatusOf<Type extends StreamStatus['type']> = Extract<StreamStatus, { type: Type }>

/** A stream on a stepped clock, with everything that it gave out. */
export class WatchedStream implements AsyncDisposable {
  readonly clock: SteppedClock = new SteppedClock()
  readonly stream: BybitPublicStream
  readonly statuses: StreamStatus[] = []
  readonly frames: Frame[] = []
  readonly normalized: NormalizedFrame[] = []

  constructor(wsUrl: string, options: Partial<PublicStreamOptions> = {}) {
    this.stream = new BybitPublicStream({
      wsUrl,
      category: 'linear',
      symbols: ['BTCUSDT'],
      channels: ['publicTrade'],
      clock: this.clock,
      random: () => 0.5,
      ...options,
    })
    this.stream.on('status', (status) => this.statuses.push(status))
    this.stream.on('frame', (frame) => this.frames.push(frame))
    this.stream.on('normalized', (frame) => this.normalized.push(frame))
  }

  /** All statuses of a type, in order. */
  all<Type extends StreamStatus['type']>(type: Type): StatusOf<Type>[] {
    return this.statuses.filter((status): status is StatusOf<Type> => status.type === type)
  }

  get gaps(): Gap[] {
    return this.all('gap').map(({ gap }) => gap)
  }

  /** Waits until a status has been told so many times. */
  async told(type: StreamStatus['type'], times = 1): Promise<void> {
    await until(`${times} × ${type}`, () => this.all(type).length >= times)
  }

  /** Waits until so many frames have been normalized. */
  async received(frames: number): Promise<void> {
    await until(`${frames} frames`, () => this.normalized.length >= frames)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stream.close()
  }
}
