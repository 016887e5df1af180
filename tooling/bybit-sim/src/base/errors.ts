/** Stable codes of every error that this package throws. */
export type SimErrorCode =
  | 'SIM_BAD_INPUT'
  | 'SIM_STOPPED'
  | 'SIM_LISTEN_FAILED'
  | 'SIM_PROCESS_FAILED'

/**
 * The one error class of this package; recognise it by `code`, never by `instanceof`.
 *
 * @example
 * try { sim.trade({ symbol: 'NOPEUSDT' }) } catch (error) { (error as SimError).code } // 'SIM_BAD_INPUT'
 */
export class SimError extends Error {
  override readonly name = 'SimError'
  readonly code: SimErrorCode
  readonly retryable = false

  constructor(code: SimErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.code = code
  }
}
