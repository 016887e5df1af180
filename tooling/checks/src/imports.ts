import { posix } from 'node:path'
import type { SourceFile } from './source-files.ts'

/** One file's import of another; imports of types and re-exports count. */
export interface Import {
  readonly from: string
  readonly to: string
  /** What is imported, e.g. `type Clock, sleep`; `*` where it has no names. */
  readonly names: string
}

const CLAUSE = String.raw`(?:\{[^}]*\}|\*(?: as \w+)?|\w+(?:, \{[^}]*\})?)`
const IMPORT = new RegExp(
  [
    String.raw`^(?:import|export)(?: type)? (?<names>${CLAUSE}) from '(?<static>\.[^']+)'`,
    String.raw`^import '(?<effect>\.[^']+)'`,
    String.raw`\bimport\(\s*'(?<dynamic>\.[^']+)'`,
  ].join('|'),
  'gm',
)

/** The imports between the given files. */
export function importsOf(sources: ReadonlyMap<string, SourceFile>): Import[] {
  return [...sources.values()].flatMap(({ path: from, code }) =>
    [...code.join('\n').matchAll(IMPORT)]
      .map(({ groups = {} }) => ({
        from,
        to: posix.join(
          posix.dirname(from),
          groups['static'] ?? groups['effect'] ?? groups['dynamic'] ?? '',
        ),
        names: (groups['names'] ?? '*')
          .replaceAll(/[{}\s]+/g, ' ')
          .trim()
          .replace(/,$/, ''),
      }))
      .filter(({ to }) => sources.has(to)),
  )
}

/** An import as a line of a message. */
export function describeImport({ from, to, names }: Import): string {
  return `${from} imports ${names} from ${to}`
}
