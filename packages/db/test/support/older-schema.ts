import { CompiledQuery, type Kysely } from 'kysely'
import type { GridDatabase } from '../../src/index.ts'
import { MIGRATIONS } from '../../src/migrations/all.ts'

/** Brings an empty database to an earlier version of the schema, as that version's `migrate` did. */
export async function migrateTo(db: Kysely<GridDatabase>, version: number): Promise<void> {
  const steps = MIGRATIONS.slice(0, version)
  const { minReader, minWriter } = steps.at(-1) ?? { minReader: 0, minWriter: 0 }
  const statements = [
    `create table grid_meta (only_row boolean primary key default true check (only_row),
      environment text, schema_version integer not null, min_reader integer not null,
      min_writer integer not null)`,
    ...steps.flatMap((migration) => migration.statements),
    `insert into grid_meta (schema_version, min_reader, min_writer)
      values (${version}, ${minReader}, ${minWriter})`,
  ]
  for (const statement of statements) await db.executeQuery(CompiledQuery.raw(statement))
}
