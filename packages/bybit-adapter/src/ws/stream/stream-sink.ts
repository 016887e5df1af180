import type { GridEvent, PublicEvent } from '@grid/core-events'
import type { FrameNormalizer } from '../../normalizer/frame-normalizer.ts'
import type { NormalizeResult } from '../../normalizer/normalize-result.ts'
import type { StreamControl } from '../../normalizer/stream-control.ts'
import type { Frame } from './stream-events.ts'
import type { StreamStatus } from './stream-status.ts'

/**
 * Where the connections of a stream write what they receive and learn.
 *
 * The stream owns one sink, and each of its connections writes to it directly.
 */
export interface StreamSink<SomeFrame, Event extends GridEvent, Status> {
  /** A data frame came in; it is not read yet. */
  onFrame(frame: SomeFrame): void
  /** What was read from a frame. */
  onNormalized(frame: SomeFrame, result: NormalizeResult<Event>): void
  /** Usable data of a topic came in, perhaps without an event; told after the topic is live. */
  onData(topic: string, localTsUs: number, events: readonly Event[]): void
  /** The exchange confirmed a topic whose ack alone proves the subscription. */
  onProven(topic: string): void
  /** No connection carries these topics any more; `lastInboundMs` is when theirs last gave any frame. */
  onOutage(topics: readonly string[], lastInboundMs: number, isStale: boolean): void
  onStatus(status: Status): void
}

/** The sink of a public stream. */
export interface PublicSink extends StreamSink<Frame, PublicEvent, StreamStatus> {
  /** What bears on the reading of a connection's frames, before it takes effect on its normalizer. */
  onControl(control: StreamControl, normalizer: FrameNormalizer): void
  /** A topic's messages come in but can no longer be used: it needs a new snapshot. */
  onUseless(topic: string): void
}
