import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** A file of sources. */
export interface SourceFile {
  /** Relative to the repository's root. */
  readonly path: string
  /** Its lines, with those empty that are comments. */
  readonly code: readonly string[]
}

/** The folders of sources, relative to the root: `packages/db/src`, `apps/event-saver/src`, … */
function sourceFolders(root: string): string[] {
  return ['packages', 'apps', 'tooling']
    .filter((parent) => existsSync(join(root, parent)))
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}/src`))
    .filter((folder) => existsSync(join(root, folder)))
    .sort()
}

/** All TypeScript files below the folders of sources, by their path. */
export function readSources(root: string): Map<string, SourceFile> {
  const paths = sourceFolders(root).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => posix.join(folder, name)),
  )
  return new Map(
    paths.sort().map((path) => {
      const code = readFileSync(join(root, path), 'utf8').split('\n').map(withoutComment)
      return [path, { path, code }]
    }),
  )
}

/** Relies on the formatter: a comment has lines of its own, or follows code after a space. */
function withoutComment(line: string): string {
  return /^\s*(\*|\/\/|\/\*)/.test(line) ? '' : line.replace(/\s\/\/ .*$/, '')
}
