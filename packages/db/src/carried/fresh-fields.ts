import type { CarriedValues } from '../tables/shape/row-form.ts'

/** The fields of values that may be carried, told apart by a row's bitmask. */
export interface FieldsOfMask<Field> {
  /** Those that the row's message did not carry. */
  readonly carried: readonly Field[]
  /** Of each field of values, in their order, whether it is one of them. */
  readonly isCarried: readonly boolean[]
}

/** Most bitmasks that are remembered: messages repeat few. */
const MOST_MASKS = 10_000

const KNOWN = new WeakMap<object, FreshFields<never>>()

/** The one that all who ask about a table's rows share. */
export function freshFields<Row>(values: CarriedValues<Row>): FreshFields<Row> {
  const known = KNOWN.get(values) as FreshFields<Row> | undefined
  if (known !== undefined) return known
  const fields = new FreshFields(values)
  KNOWN.set(values, fields as unknown as FreshFields<never>)
  return fields
}

/** Tells the fields of bitmasks apart, each bitmask once. */
export class FreshFields<Row> {
  readonly #values: CarriedValues<Row>
  readonly #known = new Map<number, FieldsOfMask<keyof Row & string>>()

  constructor(values: CarriedValues<Row>) {
    this.#values = values
  }

  of(row: Row): FieldsOfMask<keyof Row & string> {
    const { fields, maskField, bitOf } = this.#values
    const mask = row[maskField] as number
    const known = this.#known.get(mask)
    if (known !== undefined) return known
    // No bitwise operators: the mask can exceed 32 bits.
    const isCarried = fields.map((field) => Math.floor(mask / 2 ** bitOf(field)) % 2 === 0)
    const found = { carried: fields.filter((_, place) => isCarried[place]), isCarried }
    if (this.#known.size >= MOST_MASKS) this.#known.clear()
    this.#known.set(mask, found)
    return found
  }
}
