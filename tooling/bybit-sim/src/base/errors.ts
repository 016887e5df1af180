/**
 * Stable codes of every error that this package throws.
 *
 * | code | meaning |
 * |---|---|
 * | `SIM_BAD_INPUT` | an option, fault or call makes no sense; the message names it |
 * | `SIM_LISTEN_FAILED` | a port cannot be opened |
 * | `SIM_PROCESS_FAILED` | a simulator in its own process did not start, or refused a call |
 */
export type SimErrorCode = 'SIM_BAD_INPUT' | 'SIM_LISTEN_FAILED' | 'SIM_PROCESS_FAILED'

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
