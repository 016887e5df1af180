import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { inject } from 'vitest'
import { createDatabase } from '../../src/index.ts'

/** Copies an empty PGlite directory, which is ten times as fast as making one. */
export async function copyEmbedded(): Promise<string> {
  const scratch = inject('scratchFolder')
  const template = join(scratch, 'template')
  if (!existsSync(template)) await makeTemplate(template)
  const directory = join(scratch, randomUUID())
  await cp(template, directory, { recursive: true })
  return directory
}

async function makeTemplate(template: string): Promise<void> {
  const own = `${template}-${randomUUID()}`
  const db = createDatabase({ url: `pglite:${own}` })
  await sql`select 1`.execute(db)
  await db.destroy()
  await rename(own, template).catch((error: unknown) => {
    // Another test file was faster.
    if (!existsSync(template)) throw error
  })
}
