import type { JsonObject } from '@grid/core-events'
import type { ItemFault } from '../../wire/item-fault.ts'
import { isStorableJson, isStorableText } from '../../wire/storable-json.ts'
import type { WireObject } from '../../wire/wire.ts'
import type { FieldReader } from './value-readers.ts'

/** An item's values under the names of an event's fields, and the keys that this version does not know. */
export interface ReadItem {
  readonly values: Readonly<Record<string, unknown>>
  readonly extra: JsonObject | null
}

/** Reads items of one kind key by key: one pass checks and maps. */
export class ItemReader {
  readonly #readers: ReadonlyMap<string, FieldReader>
  readonly #aliases: ReadonlyMap<string, string>
  readonly #absent: Readonly<Record<string, unknown>>
  readonly #required: readonly string[]

  /**
   * @param readers by the key on the wire
   * @param aliases other names of keys; one is used only if the key itself is absent
   */
  constructor(
    readers: Readonly<Record<string, FieldReader>>,
    aliases: Readonly<Record<string, string>> = {},
  ) {
    const entries = Object.entries(readers)
    const isOptional = (reader: FieldReader): boolean => Object.hasOwn(reader, 'absent')
    this.#readers = new Map(entries)
    this.#aliases = new Map(Object.entries(aliases))
    this.#absent = Object.fromEntries(entries.map(([, reader]) => [reader.field, reader.absent]))
    this.#required = entries.filter(([, reader]) => !isOptional(reader)).map(([key]) => key)
  }

  /** The item's values, or its first fault. */
  read(item: WireObject): ReadItem | ItemFault {
    const values: Record<string, unknown> = { ...this.#absent }
    let extra: [string, unknown][] | null = null
    for (const [key, value] of Object.entries(item)) {
      const reader = this.#readerOf(key, item)
      if (reader === undefined) {
        if (!isStorableText(key) || !isStorableJson(value)) {
          return fault(key, value, 'is a key that cannot be stored')
        }
        extra ??= []
        extra.push([key, value])
        continue
      }
      const read = reader.read(value)
      if (read === undefined) return fault(key, value, reader.message)
      values[reader.field] = read
    }
    for (const key of this.#required) {
      if (!Object.hasOwn(item, key)) {
        return fault(key, undefined, this.#readers.get(key)?.message ?? 'must be there')
      }
    }
    // fromEntries rather than assignment, so that a key named __proto__ stays a key.
    return { values, extra: extra === null ? null : (Object.fromEntries(extra) as JsonObject) }
  }

  #readerOf(key: string, item: WireObject): FieldReader | undefined {
    const alias = this.#aliases.get(key)
    if (alias === undefined) return this.#readers.get(key)
    return Object.hasOwn(item, alias) ? undefined : this.#readers.get(alias)
  }
}

/** Whether reading found a fault. */
export function isFault(read: ReadItem | ItemFault): read is ItemFault {
  return 'message' in read
}

/** A fault of one field of an item. */
export function fault(field: string | null, value: unknown, message: string): ItemFault {
  return { field, inEnvelope: false, value, message }
}
