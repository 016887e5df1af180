import { DatabaseError } from '../errors.ts'

/** One error for what does not exist and for what belongs to another user, so that nobody learns which. */
export function notFound(what: 'user' | 'account' | 'strategy' | 'run', id: string): DatabaseError {
  return new DatabaseError('NOT_FOUND', `there is no ${what} ${id}, or it is not this user's`, {
    context: { what, id },
  })
}
