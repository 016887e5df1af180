import { DatabaseError } from '../errors.ts'

/** What passes without anybody mending the directory. */
const PASSING: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'EDQUOT'])

/** The numbers that the file system of PGlite, which is one of WASI, throws in an object that is no `Error`. */
const CODES: ReadonlyMap<unknown, string> = new Map([
  [2, 'EACCES'],
  [19, 'EDQUOT'],
  [29, 'EIO'],
  [33, 'EMFILE'],
  [41, 'ENFILE'],
  [44, 'ENOENT'],
  [48, 'ENOMEM'],
  [51, 'ENOSPC'],
  [63, 'EPERM'],
  [69, 'EROFS'],
])

/**
 * Why an embedded database could not be opened: `DIRECTORY_UNUSABLE`, because its directory holds something
 * else or is damaged, or an error with the system's code for what passes, such as a full disk.
 */
export function notOpened(directory: string, cause: unknown): unknown {
  // A RangeError says that there was no memory.
  if (cause instanceof DatabaseError || cause instanceof RangeError) return cause
  const { code, errno } = cause as { readonly code?: unknown; readonly errno?: unknown }
  const known = typeof code === 'string' ? code : CODES.get(errno)
  if (cause instanceof Error && PASSING.has(known)) return cause
  const reason = cause instanceof Error ? cause.message : (known ?? JSON.stringify(cause))
  const message = `the directory ${directory} cannot be opened as a database (${reason})`
  if (PASSING.has(known)) return Object.assign(new Error(message, { cause }), { code: known })
  return new DatabaseError('DIRECTORY_UNUSABLE', message, { cause, context: { directory } })
}
