import { CommandError, EXIT } from '../../exit-code.ts'
import type { Logger } from '../../log/log.ts'

const UNCAUGHT = 'UNCAUGHT'

/**
 * Rejects at the first error that nothing caught: a defect. The capture cannot be trusted to go on, but
 * what it received can still be stored, which an immediate end would lose.
 */
export function uncaughtError(log: Logger): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => {})
  // Rejections that nothing handles arrive here as well.
  process.on('uncaughtException', (error: unknown) => {
    const message = 'an error that nothing caught: stopping, and storing what was received'
    log.error({ code: UNCAUGHT, err: error }, message)
    reject(new CommandError(EXIT.failure, UNCAUGHT, String(error), { cause: error }))
  })
  return promise
}

/** Whether an error is one that nothing caught. */
export function isUncaught(error: unknown): boolean {
  return error instanceof CommandError && error.code === UNCAUGHT
}
