import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A folder for the run's files. */
    scratchFolder: string
  }
}

/** Makes a folder that is removed after the vitest run. Tests get it by `inject('scratchFolder')`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'grid-db-'))
  project.provide('scratchFolder', folder)
  return () => rm(folder, { recursive: true, force: true })
}
