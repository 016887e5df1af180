type Parse = (text: string) => unknown

/** How values of a type are read, by the number of the type in PostgreSQL. No statement gives others. */
const PARSERS: ReadonlyMap<number, Parse> = new Map<number, Parse>([
  [16, (text) => text === 't'], // boolean
  [17, (text) => Buffer.from(text.slice(2), 'hex')], // bytea
  [19, (text) => text], // name
  [20, (text) => text], // bigint: a number may lose digits
  [21, Number], // smallint
  [23, Number], // integer
  [25, (text) => text], // text
  [26, Number], // oid
  [114, (text) => JSON.parse(text) as unknown],
  [700, Number], // real
  [701, Number], // double precision
  [1043, (text) => text], // varchar
  [1184, readInstant], // timestamptz
  [1700, (text) => text], // numeric: likewise
  [2950, (text) => text], // uuid
  [3802, (text) => JSON.parse(text) as unknown], // jsonb
])

/** The registry of `pg`, which all code of a process shares. */
interface Registry {
  getTypeParser(oid: number, format: never): unknown
}

/**
 * The types of our tables as the schema says them, whatever a program that uses this package has set for all
 * of `pg` by `types.setTypeParser`, such as numbers for decimals or texts for dates.
 */
export function ownTypes<Types extends Registry>(shared: Types): Types {
  return {
    ...shared,
    getTypeParser(oid: number, format: never): unknown {
      const own = format === 'binary' ? undefined : PARSERS.get(oid)
      return own ?? shared.getTypeParser(oid, format)
    },
  }
}

/** An instant as sessions write it, `2026-11-30 17:00:00.123456+00`; its microseconds are left out. */
function readInstant(text: string): Date | number {
  if (text === 'infinity') return Number.POSITIVE_INFINITY
  if (text === '-infinity') return Number.NEGATIVE_INFINITY
  return new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'))
}
