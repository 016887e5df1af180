/**
 * Stable codes of every error that this package throws.
 *
 * | code | meaning |
 * |---|---|
 * | `EVENT_VERSION_UNSUPPORTED` | the event was written by a newer version of this package |
 * | `EVENT_MALFORMED` | the text is not an event; `field` names the wrong field |
 */
export type EventErrorCode = 'EVENT_VERSION_UNSUPPORTED' | 'EVENT_MALFORMED'

/**
 * The only error class of this package; recognise it by `code`, never by `instanceof`.
 *
 * `retryable` is always false, because the same input gives the same error again.
 *
 * @example
 * try { decodeEvent(line) } catch (error) { if ((error as EventError).code === 'EVENT_MALFORMED') quarantine(line) }
 */
export class EventError extends Error {
  override readonly name = 'EventError'
  readonly code: EventErrorCode
  readonly retryable = false
  /** The wrong field; null when no single field is wrong. */
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
