/** Stable codes of every error that this package throws. */
export type EventErrorCode = 'EVENT_VERSION_UNSUPPORTED' | 'EVENT_MALFORMED'

/**
 * The one error class of this package; recognise it by `code`, never by `instanceof`.
 *
 * `retryable` is always false: the same input gives the same error.
 *
 * @example
 * try { decodeEvent(line) } catch (error) { if ((error as EventError).code === 'EVENT_MALFORMED') quarantine(line) }
 */
export class EventError extends Error {
  override readonly name = 'EventError'
  readonly code: EventErrorCode
  readonly retryable = false
  /** The offending field, where one is known. */
  readonly field: string | null

  constructor(
    code: EventErrorCode,
    message: string,
    options: { cause?: unknown; field?: string | null } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
    this.field = options.field ?? null
  }
}
