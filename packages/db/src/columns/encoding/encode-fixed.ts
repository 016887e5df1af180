import { CATEGORIES, type Category } from '@grid/core-events'
import { ArrayParameter, type Values, writeInt32, writeInt64 } from './array-parameter.ts'

// Every encoder has its own loop, which takes 10 ns a value: one shared loop that calls a function for
// each value takes 21.

const BOOLEAN_OID = 16
const BIGINT_OID = 20
const INTEGER_OID = 23
const TIMESTAMPTZ_OID = 1184
const UUID_OID = 2950

const DIGITS = /^-?[0-9]{1,19}$/
const UUID_BYTES = 16
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** 2000-01-01 UTC, from which PostgreSQL counts, in microseconds since 1970. */
export const POSTGRES_EPOCH_US: number = 946_684_800_000_000

/** `boolean[]`. */
export function encodeBooleans(values: Values<boolean>): Buffer {
  const array = new ArrayParameter(BOOLEAN_OID, values.length, values.length)
  for (const value of values) {
    if (value === null || value === undefined) array.addNull()
    else if (typeof value === 'boolean') array.bytes[array.add(1)] = value ? 1 : 0
    else throw new TypeError(`${String(value)} is no boolean`)
  }
  return array.finish()
}

/** `integer[]`. */
export function encodeIntegers(values: Values<number>): Buffer {
  const array = new ArrayParameter(INTEGER_OID, values.length, 4 * values.length)
  for (const value of values) {
    if (value === null || value === undefined) array.addNull()
    else if ((value | 0) === value) writeInt32(array.bytes, value, array.add(4))
    else throw new RangeError(`${value} is no integer of 32 bits`)
  }
  return array.finish()
}

/** `integer[]`: the place of each category in {@link CATEGORIES}, counted from 1. */
export function encodeCategories(values: Values<Category>): Buffer {
  return encodeIntegers(values.map(placeOf))
}

function placeOf(category: Category | null | undefined): number | null {
  if (category === null || category === undefined) return null
  const place = CATEGORIES.indexOf(category) + 1
  if (place > 0) return place
  throw new RangeError(`${JSON.stringify(category)} is none of ${CATEGORIES.join()}`)
}

/** `bigint[]` of numbers that JavaScript holds exactly. */
export function encodeBigints(values: Values<number>): Buffer {
  const array = new ArrayParameter(BIGINT_OID, values.length, 8 * values.length)
  for (const value of values) {
    if (value === null || value === undefined) array.addNull()
    else if (Number.isSafeInteger(value)) writeInt64(array.bytes, value, array.add(8))
    else throw new RangeError(`${value} is no safe integer`)
  }
  return array.finish()
}

/** `bigint[]` of integers written as digits. */
export function encodeDigits(values: Values<string>): Buffer {
  const array = new ArrayParameter(BIGINT_OID, values.length, 8 * values.length)
  for (const value of values) {
    if (value === null || value === undefined) array.addNull()
    else if (DIGITS.test(value)) array.bytes.writeBigInt64BE(BigInt(value), array.add(8))
    else throw new RangeError(`${JSON.stringify(value)} is no integer`)
  }
  return array.finish()
}

/** `timestamptz[]` of epoch microseconds. */
export function encodeMicroseconds(values: Values<number>): Buffer {
  return encodeInstants(values, 1)
}

/** `timestamptz[]` of epoch milliseconds. */
export function encodeMilliseconds(values: Values<number>): Buffer {
  return encodeInstants(values, 1000)
}

function encodeInstants(values: Values<number>, unitUs: 1 | 1000): Buffer {
  const array = new ArrayParameter(TIMESTAMPTZ_OID, values.length, 8 * values.length)
  for (const value of values) {
    if (value === null || value === undefined) {
      array.addNull()
      continue
    }
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole time`)
    const at = array.add(8)
    const us = value * unitUs - POSTGRES_EPOCH_US
    if (Number.isSafeInteger(us)) writeInt64(array.bytes, us, at)
    else array.bytes.writeBigInt64BE(BigInt(value) * BigInt(unitUs) - BigInt(POSTGRES_EPOCH_US), at)
  }
  return array.finish()
}

/** `uuid[]` of UUIDs in their usual form of 36 characters. */
export function encodeUuids(values: Values<string>): Buffer {
  const array = new ArrayParameter(UUID_OID, values.length, UUID_BYTES * values.length)
  for (const value of values) {
    if (value === null || value === undefined) array.addNull()
    else if (UUID.test(value)) {
      array.bytes.write(value.replaceAll('-', ''), array.add(UUID_BYTES), 'hex')
    } else throw new RangeError(`${JSON.stringify(value)} is no UUID`)
  }
  return array.finish()
}
