import type { PrivateEvent } from '@grid/core-events'
import { controlOf } from '../wire/control-frame.ts'
import { parseFrame } from '../wire/parsed-frame.ts'
import type { ReplayedFrame } from './frame-replayer.ts'
import { type NormalizeResult, UNKNOWN_CONTROL } from './normalize-result.ts'
import { PrivateFrameNormalizer, type PrivateNormalizerOptions } from './private-normalizer.ts'
import type { PrivateStreamControl } from './stream-control.ts'

/**
 * Reads again what a private stream received, with exactly the events, dead letters and discards of the
 * first time, given the options of the first time.
 *
 * Frames of accounts are read one by one: it remembers nothing, so that there is no checkpoint and each
 * frame may be read alone. The constructor throws `INVALID_OPTION`.
 *
 * @example
 * const replayer = new PrivateFrameReplayer({ accountId, filter })
 * const { events, deadLetters } = replayer.normalize({ connection, bytes, localTsUs })
 */
export class PrivateFrameReplayer {
  readonly #normalizer: PrivateFrameNormalizer

  constructor(options: PrivateNormalizerOptions) {
    this.#normalizer = new PrivateFrameNormalizer(options)
  }

  /** Takes a control record; gives what it caused, for a refused frame, and null for all others. */
  control(record: PrivateStreamControl): NormalizeResult<PrivateEvent> | null {
    return record.type === 'oversized' ? this.#normalizer.refuseOversized(record) : null
  }

  /** Reads a frame as it was read when it came. Never throws, whatever its bytes. */
  normalize({ bytes, localTsUs, isBinary = false }: ReplayedFrame): NormalizeResult<PrivateEvent> {
    const parsed = parseFrame(bytes)
    if (isBinary) return this.#normalizer.refuseBinary(parsed, localTsUs)
    // Pongs and answers to requests are no frames of a stream: whatever else is no data was unknown.
    if (controlOf(parsed) !== null) return UNKNOWN_CONTROL
    return this.#normalizer.map(parsed, localTsUs)
  }
}
