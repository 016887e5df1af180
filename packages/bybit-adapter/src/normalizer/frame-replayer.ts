import { categoryDialect, type PublicCategory } from '../channels/dialect/category-dialect.ts'
import { BybitAdapterError } from '../errors.ts'
import { controlOf } from '../wire/control-frame.ts'
import { parseFrame } from '../wire/parsed-frame.ts'
import { ConnectionStates } from './connection-states.ts'
import { refuseBinary, refuseOversized } from './frame-dead-letter.ts'
import { FrameNormalizer, type NormalizerOptions } from './frame-normalizer.ts'
import { type NormalizeResult, UNKNOWN_CONTROL } from './normalize-result.ts'
import type { ConnectionCheckpoint, StreamControl } from './stream-control.ts'

/** What must be kept of a frame to read it again; a stream's own frames serve. */
export interface ReplayedFrame {
  /** Exactly as received. */
  readonly bytes: Uint8Array
  /** Receive time in epoch microseconds. */
  readonly localTsUs: number
  readonly connection: number
  /** Whether it came as a binary frame; the exchange sends none. */
  readonly isBinary?: boolean | undefined
}

/**
 * Reads again what a public stream received, with exactly the events, dead letters and discards of the
 * first time.
 *
 * Give it the stream's `frame` and `control` events in the order in which they came: from the first one
 * on, or from where `stream.checkpoint()` was taken. Beside frames and control records nothing need be
 * kept. Events about a connection that it was told nothing of are read as if it had just opened.
 *
 * @example
 * const replayer = new FrameReplayer({ category: 'linear' })
 * for (const checkpoint of checkpoints) replayer.restore(checkpoint)
 * for (const record of records) {
 *   const result = 'bytes' in record ? replayer.normalize(record) : replayer.control(record)
 *   if (result !== null) store(result.events, result.deadLetters)
 * }
 */
export class FrameReplayer {
  readonly #category: PublicCategory
  readonly #states = new ConnectionStates()

  /** Throws `INVALID_OPTION` for a category that this version does not read. */
  constructor({ category }: NormalizerOptions) {
    categoryDialect(category)
    this.#category = category
  }

  /**
   * Puts back what was remembered of a connection; all of a stream's, in their order, before anything
   * else is read.
   *
   * Throws `CHECKPOINT_UNREADABLE` for one that this version did not write, and for one whose
   * `sharesWith` was not put back before it.
   */
  restore({ connection, sharesWith, state }: ConnectionCheckpoint): void {
    const shared = sharesWith === null ? undefined : this.#states.get(sharesWith)
    if (sharesWith !== null && shared === undefined) {
      const message = `the checkpoint of connection ${connection} shares with ${sharesWith}: restore that first`
      throw new BybitAdapterError('CHECKPOINT_UNREADABLE', message)
    }
    const normalizer = new FrameNormalizer(this.#category, shared)
    normalizer.restore(state)
    this.#states.set(connection, normalizer)
  }

  /** Takes a control record; gives what it caused, for a refused frame, and null for all others. */
  control(record: StreamControl): NormalizeResult | null {
    const { connection } = record
    switch (record.type) {
      case 'opened': {
        const { predecessor } = record
        const from = predecessor === null ? undefined : this.#states.get(predecessor)
        this.#states.set(connection, new FrameNormalizer(this.#category, from))
        return null
      }
      case 'restarted':
        for (const topic of record.topics) this.#obtain(connection).restart(topic)
        return null
      case 'forgotten':
        for (const topic of record.topics) this.#obtain(connection).forget(topic)
        return null
      case 'oversized':
        return refuseOversized(this.#category, record)
      case 'closed':
        this.#states.get(connection)?.reset()
        return null
      case 'ended':
        this.#states.end(connection)
        return null
    }
  }

  /** Reads a frame as it was read when it came. Never throws, whatever its bytes. */
  normalize({ connection, bytes, localTsUs, isBinary = false }: ReplayedFrame): NormalizeResult {
    if (isBinary) return refuseBinary(this.#category, bytes, localTsUs)
    const parsed = parseFrame(bytes)
    // Pongs and answers to requests are no frames of a stream: whatever else is no data was unknown.
    if (controlOf(parsed) !== null) return UNKNOWN_CONTROL
    return this.#obtain(connection).read(parsed, localTsUs)
  }

  /** What is remembered of each connection, to read on from here another time. */
  checkpoint(): readonly ConnectionCheckpoint[] {
    return this.#states.checkpoint()
  }

  #obtain(connection: number): FrameNormalizer {
    let normalizer = this.#states.get(connection)
    if (normalizer === undefined) {
      normalizer = new FrameNormalizer(this.#category)
      this.#states.set(connection, normalizer)
    }
    return normalizer
  }
}
