/**
 * The exit codes of every command.
 *
 * | code | meaning |
 * |---|---|
 * | 0 | done |
 * | 1 | failed |
 * | 2 | the command line is wrong |
 * | 3 | a problem was found, there was nothing to export or replay, or something is left that could not be stored |
 * | 75 | try again: the data directory or the collector's name is in use, the database is away, an open transaction blocks, or somebody changed what a replay replaces |
 * | 78 | the configuration is wrong, or the database goes on refusing rows for what waiting does not mend |
 */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  problem: 3,
  tryAgain: 75,
  configuration: 78,
} as const

/** One of the documented exit codes. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends a command with a message for the operator and a documented exit code. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: ExitCode
  /** Stable code of the condition, as in the log. */
  readonly code: string

  constructor(exitCode: ExitCode, code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
    this.code = code
  }
}
