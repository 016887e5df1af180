import { DatabaseError } from '../errors.ts'

/** The same answer for what is not there and for what belongs to another tenant. */
export function notFound(what: 'user' | 'account' | 'strategy' | 'run', id: string): DatabaseError {
  return new DatabaseError('NOT_FOUND', `there is no ${what} ${id}, or it is not this user's`, {
    context: { what, id },
  })
}
