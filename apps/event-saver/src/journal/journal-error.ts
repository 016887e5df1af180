/**
 * Stable codes of why a journal cannot be opened.
 *
 * | code | meaning | retryable |
 * |---|---|---|
 * | `JOURNAL_LOCKED` | another process, or this one, has the directory open: exit code 75 | yes |
 * | `JOURNAL_NO_ROOM` | the disk is full, or the process may open no more files: exit code 75 | yes |
 * | `JOURNAL_OF_OTHERS` | another environment began it: exit code 78 | no |
 * | `JOURNAL_UNUSABLE` | the directory or the first segment cannot be made or written: exit code 78 | no |
 */
export type JournalErrorCode =
  | 'JOURNAL_LOCKED'
  | 'JOURNAL_NO_ROOM'
  | 'JOURNAL_OF_OTHERS'
  | 'JOURNAL_UNUSABLE'

/** Why a journal cannot be opened; recognise it by `code`. */
export class JournalError extends Error {
  override readonly name = 'JournalError'
  readonly code: JournalErrorCode
  readonly retryable: boolean
  readonly directory: string

  constructor(code: JournalErrorCode, message: string, directory: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.retryable = code === 'JOURNAL_LOCKED' || code === 'JOURNAL_NO_ROOM'
    this.directory = directory
  }
}
