import { createHash } from 'node:crypto'

/** The namespace of ids made from names; the Python predecessor uses the same. */
const NAMESPACE = Buffer.from('12345678123456781234567812345678', 'hex')

/**
 * Makes an account's id from its user's id and its name: the UUID version 5 of
 * `account:<user id>:<name>`, the same everywhere. (The Python predecessor leaves out the user, so
 * that of two users with an account `main` one is refused.)
 *
 * @example
 * accountIdOf(userIdOf('alice'), 'main') // '3837afab-b76a-54af-bbda-da0973fd50ec'
 */
export function accountIdOf(userId: string, name: string): string {
  return uuidOf(`account:${userId.toLowerCase()}:${name}`)
}

/**
 * Makes a user's id from its name: the UUID version 5 of `user:<name>`.
 *
 * @example
 * const scope = { userId: userIdOf('alice') }
 */
export function userIdOf(name: string): string {
  return uuidOf(`user:${name}`)
}

/**
 * Makes a strategy's id from its account's id and a name: the UUID version 5 of
 * `strategy:<account id>:<name>`.
 *
 * @example
 * const strategyId = strategyIdOf(accountId, 'btcusdt_grid')
 */
export function strategyIdOf(accountId: string, name: string): string {
  return uuidOf(`strategy:${accountId.toLowerCase()}:${name}`)
}

function uuidOf(name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
