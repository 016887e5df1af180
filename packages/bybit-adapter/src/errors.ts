/** Stable codes of every error that this package throws. */
export type BybitAdapterErrorCode = 'ABORTED' | 'ALREADY_STARTED' | 'INVALID_OPTION'

/**
 * The one error class of this package; recognise it by `code`, never by `instanceof`.
 *
 * | code | meaning |
 * |---|---|
 * | `ABORTED` | the stream was closed before it became ready |
 * | `ALREADY_STARTED` | a stream is started once; make a new one to start again |
 * | `INVALID_OPTION` | an option cannot work; `option` names it |
 *
 * @example
 * await stream.start({ signal }).catch((error) => { if (error.code !== 'ABORTED') throw error })
 */
export class BybitAdapterError extends Error {
  override readonly name = 'BybitAdapterError'
  readonly code: BybitAdapterErrorCode
  /** Always false: the same call gives the same error. */
  readonly retryable = false
  /** The option at fault, where one is. */
  readonly option: string | null

  constructor(
    code: BybitAdapterErrorCode,
    message: string,
    options: { cause?: unknown; option?: string } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.code = code
    this.option = options.option ?? null
  }
}
