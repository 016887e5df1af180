import { rm } from 'node:fs/promises'
import { createTestDatabase } from '@grid/testing'
import type { Kysely } from 'kysely'
import { inject } from 'vitest'
import { createDatabase, type GridDatabase } from '../../src/index.ts'
import { copyEmbedded } from './embedded-template.ts'

/** An empty database of one kind. */
export interface OpenedDatabase {
  readonly db: Kysely<GridDatabase>
  close(): Promise<void>
}

/** The databases that every suite runs against. */
export const DATABASES: readonly (readonly [string, () => Promise<OpenedDatabase>])[] = [
  ['PostgreSQL', openPostgres],
  ['PGlite', openPGlite],
]

/** PGlite takes seconds to start on a loaded machine. */
export const START_TIMEOUT_MS = 300_000

/** Makes an empty database on the server of this test run. */
export async function openPostgres(): Promise<OpenedDatabase & { readonly url: string }> {
  const database = await createTestDatabase(inject('postgresUrl'))
  const db = createDatabase({ url: database.url })
  return {
    db,
    url: database.url,
    async close() {
      await db.destroy()
      await database.drop()
    },
  }
}

async function openPGlite(): Promise<OpenedDatabase> {
  const directory = await copyEmbedded()
  const db = createDatabase({ url: `pglite:${directory}` })
  return {
    db,
    async close() {
      await db.destroy()
      await rm(directory, { recursive: true })
    },
  }
}
