import { CATEGORIES, type Category } from '@grid/core-events'
import type { Values } from './array-parameter.ts'
import { encodeIntegers } from './encode-fixed.ts'

/** `integer[]`: the place of each in {@link CATEGORIES}, from 1 on. */
export function encodeCategories(values: Values<Category>): Buffer {
  return encodeIntegers(values.map(placeOf))
}

function placeOf(category: Category | null | undefined): number | null {
  if (category === null || category === undefined) return null
  const place = CATEGORIES.indexOf(category) + 1
  if (place === 0)
    throw new RangeError(`${JSON.stringify(category)} is none of ${CATEGORIES.join()}`)
  return place
}
