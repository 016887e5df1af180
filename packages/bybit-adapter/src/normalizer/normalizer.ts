import { categoryDialect, type PublicCategory } from '../channels/category-dialect.ts'
import { FrameNormalizer } from './frame-normalizer.ts'
import type { NormalizeResult } from './normalize-result.ts'

/** Options of {@link createNormalizer}. */
export interface NormalizerOptions {
  /** The category of the socket: the frames themselves do not say. */
  readonly category: PublicCategory
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
