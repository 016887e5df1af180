import { createHash } from 'node:crypto'

/** The namespace of ids made from names; the Python predecessor uses the same. */
const NAMESPACE = Buffer.from('12345678123456781234567812345678', 'hex')

/**
 * Makes an account's id from its name: the UUID version 5 of `account:<name>`, the same everywhere.
 *
 * @example
 * accountIdOf('mainnet_live') // '9bdb9748-f9e0-5c13-b144-0ad6a8dbcaba'
 */
export function accountIdOf(name: string): string {
  return uuidOf(`account:${name}`)
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
 * Makes a strategy's id from its name: the UUID version 5 of `strategy:<name>`.
 *
 * @example
 * const strategyId = strategyIdOf('btcusdt_grid')
 */
export function strategyIdOf(name: string): string {
  return uuidOf(`strategy:${name}`)
}

function uuidOf(name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
