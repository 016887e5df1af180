import type { Config } from '../config/config.ts'
import { CommandError, EXIT } from '../exit-code.ts'
import { reasonOf } from '../log/reason.ts'
import { databaseFault } from './database-fault.ts'

const WRITE_REFUSED = 'WRITE_REFUSED'

/**
 * The error that ends a saver whose database refuses to take rows: with exit code 78 where the reason is the
 * database or its configuration, so that starting again does not help, and with 1 for any other.
 */
export function writeRefused(
  writer: string,
  error: unknown,
  config: Pick<Config, 'databaseUrl'>,
): CommandError {
  const fault = databaseFault(error, config)
  const [exitCode, reason] =
    fault === null ? [EXIT.failure, reasonOf(error)] : [fault.exitCode, fault.message]
  return new CommandError(exitCode, WRITE_REFUSED, `cannot store ${writer}: ${reason}`, {
    cause: error,
  })
}

/** Whether an error says that the database refuses to take rows. */
export function isWriteRefused(error: unknown): boolean {
  return error instanceof CommandError && error.code === WRITE_REFUSED
}
