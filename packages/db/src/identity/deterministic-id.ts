import { createHash } from 'node:crypto'

/** The namespace of ids that are made from names, as the Python predecessor's. */
const NAMESPACE = Buffer.from('12345678123456781234567812345678', 'hex')

/**
 * The id of an account of a name, the same everywhere: UUID version 5 of `account:<name>`.
 *
 * @example
 * accountIdOf('mainnet_live') // '9bdb9748-f9e0-5c13-b144-0ad6a8dbcaba'
 */
export function accountIdOf(name: string): string {
  return uuidOf(`account:${name}`)
}

/**
 * The id of a user of a name: UUID version 5 of `user:<name>`.
 *
 * @example
 * const scope = { userId: userIdOf('alice') }
 */
export function userIdOf(name: string): string {
  return uuidOf(`user:${name}`)
}

/**
 * The id of a strategy of a name: UUID version 5 of `strategy:<name>`.
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
