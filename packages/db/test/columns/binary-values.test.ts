import { CATEGORIES } from '@grid/core-events'
import fc from 'fast-check'
import { CompiledQuery, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { insertSql, type PackedColumn } from '../../src/columns/column.ts'
import { COLUMN_KINDS, type WrittenKindName } from '../../src/columns/column-kind.ts'
import { columnArrays, encodeBatch } from '../../src/insert/encode-batch.ts'
import { DATABASES, type OpenedDatabase, START_TIMEOUT_MS } from '../support/databases.ts'

/** A value of a kind, and its text as PostgreSQL reads it. */
interface Sample {
  readonly value: unknown
  readonly text: string
}

const same = (value: unknown): Sample => ({ value, text: String(value) })
const digits = (min: number, max: number) => fc.stringMatching(new RegExp(`^[0-9]{${min},${max}}$`))

const decimals = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    digits(0, 40),
    fc.option(digits(0, 40), { nil: undefined }),
    fc.option(fc.integer({ min: -64, max: 64 }), { nil: undefined }),
    fc.constantFrom('e', 'E'),
  )
  .filter(([, whole, fraction]) => whole !== '' || (fraction ?? '') !== '')
  .map(([sign, whole, fraction, exponent, e]) =>
    same(
      `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}` +
        `${exponent === undefined ? '' : `${e}${exponent}`}`,
    ),
  )

/** An instant in microseconds as PostgreSQL's text. */
function instantText(us: number): string {
  const ms = Math.floor(us / 1000)
  const [date, rest] = new Date(ms).toISOString().split('.') as [string, string]
  return `${date}.${rest.slice(0, 3)}${String(us - ms * 1000).padStart(3, '0')}Z`
}

const boundaries = [
  Date.UTC(1969, 11, 31, 23, 59, 59, 999),
  0,
  Date.UTC(1999, 11, 31, 23, 59, 59, 999),
  Date.UTC(2000, 0, 1),
  Date.UTC(2019, 0, 1),
  Date.UTC(2024, 1, 29, 23, 59, 59, 999),
  Date.UTC(2025, 11, 31, 23, 59, 59, 999),
  Date.UTC(2026, 0, 1),
  Date.UTC(2100, 0, 1),
]
const instants = fc.oneof(
  fc.constantFrom(...boundaries),
  fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(9999, 11, 31) }),
)

const texts = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .filter((text) => !text.includes('\0') && text.isWellFormed())

const SAMPLES: Readonly<Record<WrittenKindName, fc.Arbitrary<Sample>>> = {
  text: fc.oneof(texts, fc.constantFrom('NULL', '', '{}', 'a"\\b', '日本語', '🏳️‍🌈\n\t')).map(same),
  category: fc.constantFrom(...CATEGORIES).map(same),
  uuid: fc
    .oneof(
      fc.uuid(),
      fc.uuid().map((id) => id.toUpperCase()),
    )
    .map(same),
  numeric: fc.oneof(
    decimals,
    fc
      .constantFrom(
        '1234567890123456789012345678',
        '-9999999999999999999999999999.999999999999999999',
        '0.000000000000000001',
        '-0.00012500',
        '-0',
        '100000',
        '0.10',
        '5.',
        '.5',
      )
      .map(same),
  ),
  bigint: fc.maxSafeInteger().map(same),
  digits: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => same(String(n))),
  integer: fc.integer().map(same),
  boolean: fc.boolean().map(same),
  jsonb: fc
    .jsonValue({ maxDepth: 3 })
    .filter((value) => value !== null && !JSON.stringify(value).includes('\\u0000'))
    .map((value) => ({ value, text: JSON.stringify(value) })),
  bytea: fc
    .uint8Array({ maxLength: 40 })
    .map((value) => ({ value, text: `\\x${Buffer.from(value).toString('hex')}` })),
  ms: instants.map((ms) => ({ value: ms, text: new Date(ms).toISOString() })),
  us: fc
    .tuple(instants, fc.nat({ max: 999 }))
    .filter(([ms]) => ms < 8e12)
    .map(([ms, us]) => ({ value: ms * 1000 + us, text: instantText(ms * 1000 + us) })),
}

const KINDS = Object.keys(SAMPLES) as WrittenKindName[]

type Row = Readonly<Record<string, unknown>>
const column = (kind: WrittenKindName): PackedColumn<Row> => ({
  name: `c_${kind}`,
  kind,
  pack: (row) => row[kind],
})
const COLUMNS = KINDS.map(column)
const ROWS = fc.array(fc.record(mapKinds((kind) => fc.option(SAMPLES[kind]))), {
  minLength: 1,
  maxLength: 20,
})

/** Rows that differ in some columns only. */
const ALIKE_ROWS = fc
  .tuple(
    fc.subarray(KINDS),
    fc.array(fc.record(mapKinds((kind) => fc.option(SAMPLES[kind]))), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([differing, rows]) =>
    rows.map((row, n) => ({
      ...mapKinds((kind) => (differing.includes(kind) ? row : rows[0])?.[kind]?.value ?? null),
      integer: n,
    })),
  )

function mapKinds<Value>(
  toValue: (kind: WrittenKindName) => Value,
): Readonly<Record<WrittenKindName, Value>> {
  return Object.fromEntries(KINDS.map((kind) => [kind, toValue(kind)])) as Record<
    WrittenKindName,
    Value
  >
}

describe.each(DATABASES)('values sent as binary arrays to %s', (name, open) => {
  let opened: OpenedDatabase
  beforeAll(async () => {
    opened = await open()
    await execute(`create type market_category as enum ('${CATEGORIES.join("', '")}')`)
    const columns = KINDS.map((kind) => `c_${kind} ${COLUMN_KINDS[kind].type}`).join(', ')
    await execute(`create table binary_values (n integer generated always as identity, ${columns})`)
    await execute('create table plain_values (like binary_values including all)')
  }, START_TIMEOUT_MS)
  afterAll(() => opened.close())

  const execute = (query: string, parameters: readonly unknown[] = []) =>
    opened.db.executeQuery<Row>(CompiledQuery.raw(query, [...parameters]))
  const binaryInsert = async (rows: readonly Row[]) =>
    execute(insertSql('binary_values', COLUMNS), columnArrays(COLUMNS, rows))
  const stored = async (table: string) => {
    const values = KINDS.map((kind) => `c_${kind}::text`).join(', ')
    const { rows } = await execute(`select ${values} from ${table} order by n`)
    return rows
  }

  it('are stored as Kysely VALUES would store them, to the digit', async () => {
    const property = fc.asyncProperty(ROWS, async (rows) => {
      await execute('truncate binary_values, plain_values')
      await binaryInsert(
        rows.map((row) => mapKinds((kind) => row[kind]?.value ?? (row[kind] ? null : undefined))),
      )
      const plain = rows.map((row) =>
        Object.fromEntries(
          KINDS.map((kind) => [
            `c_${kind}`,
            sql`${row[kind]?.text ?? null}::text::${sql.raw(COLUMN_KINDS[kind].type)}`,
          ]),
        ),
      )
      await opened.db
        .insertInto('plain_values' as never)
        .values(plain as never)
        .execute()
      const expected = await stored('plain_values')
      expect(await stored('binary_values')).toEqual(expected)
      expect(expected).toHaveLength(rows.length)
    })
    await fc.assert(property, { numRuns: name === 'PGlite' ? 50 : 200 })
  })

  it('are the same when a common value of all rows travels once', async () => {
    const property = fc.asyncProperty(ALIKE_ROWS, async (rows) => {
      await execute('truncate binary_values, plain_values')
      for (const row of rows) {
        await execute(insertSql('plain_values', COLUMNS), columnArrays(COLUMNS, [row]))
      }
      const { columns, alike, arrays } = encodeBatch(COLUMNS, rows)
      await execute(insertSql('binary_values', columns, { alike }), arrays)
      expect(await stored('binary_values')).toEqual(await stored('plain_values'))
    })
    await fc.assert(property, { numRuns: name === 'PGlite' ? 30 : 100 })
  })

  it('are read back as they were', async () => {
    const property = fc.asyncProperty(ROWS, async (rows) => {
      await execute('truncate binary_values')
      await binaryInsert(rows.map((row) => mapKinds((kind) => row[kind]?.value)))
      const reads = COLUMNS.map(
        ({ name: column, kind }) => `${COLUMN_KINDS[kind].readSql(column)} as ${column}`,
      )
      const { rows: read } = await execute(
        `select ${reads.join(', ')} from binary_values order by n`,
      )
      for (const kind of [
        'text',
        'category',
        'bigint',
        'digits',
        'integer',
        'boolean',
        'bytea',
        'ms',
        'us',
      ]) {
        const { decode } = COLUMN_KINDS[kind as WrittenKindName]
        expect(
          read.map((row) => {
            const text = row[`c_${kind}`] as string | null
            return text === null ? null : decode(text)
          }),
        ).toEqual(rows.map((row) => row[kind as WrittenKindName]?.value ?? null))
      }
    })
    await fc.assert(property, { numRuns: name === 'PGlite' ? 10 : 30 })
  })
})

it.each<[WrittenKindName, readonly unknown[]]>([
  ['text', ['a\0b', '\ud800', 'x\udc00y', 7, {}]],
  ['uuid', ['', '6f1d2a3b0c4d5e6f8a9b0c1d2e3f4a5b', 'g'.repeat(36), 5]],
  [
    'numeric',
    ['', '-', '.', 'NaN', 'Infinity', '1e', '1,5', ' 1', '0x1', '1.2.3', '1e99999', '１', 1.5],
  ],
  ['bigint', [2 ** 53, 1.5, Number.NaN, '1', Number.POSITIVE_INFINITY]],
  ['digits', ['', '1.5', '9223372036854775808', 'x']],
  ['integer', [2 ** 31, -(2 ** 31) - 1, 0.5, Number.NaN, '1']],
  ['boolean', ['true', 0, 1]],
  ['jsonb', [1n, () => 1]],
  ['bytea', ['bytes', 1]],
  ['ms', [1.5, Number.NaN, '0', new Date(0)]],
  ['us', [1.5, Number.NaN, Number.POSITIVE_INFINITY]],
])('refuses a value that is no %s, and names the column', (kind, values) => {
  for (const value of values) {
    const refused = () => columnArrays([column(kind)], [{}, { [kind]: value }])
    expect(refused, String(value)).toThrow(
      expect.objectContaining({ code: 'NOT_ENCODABLE', context: { column: `c_${kind}`, rows: 2 } }),
    )
  }
})
