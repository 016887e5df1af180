import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const EXPORT = /^export (type )?\{([^}]*)\}(?: from '([^']+)')?/gm
const DECLARATION = '^export (?:declare )?(?:abstract )?(class|function|const|interface|type)'

/**
 * What users can import from a package, as its declarations say: a line a name, such as
 * `class RestClient`, sorted. Interfaces and aliases are both a `type`.
 *
 * @param index The path of the package's `index.d.ts`.
 */
export function publicNames(index: string): string[] {
  const text = readFileSync(index, 'utf8')
  if (/^export \*/m.test(text)) throw new Error(`${index}: names each export, instead of export *`)
  const names = new Set<string>()
  for (const [, allAreTypes, list = '', from] of text.matchAll(EXPORT)) {
    for (const item of list.split(',').filter((part) => part.trim() !== '')) {
      const [, isType, local = '', alias = local] =
        /^\s*(type )?(\w+)(?: as (\w+))?\s*$/.exec(item) ?? []
      const kind = allAreTypes || isType ? 'type' : kindOf(local, index, from)
      names.add(`${kind} ${alias}`)
    }
  }
  for (const [, kind = '', name] of text.matchAll(new RegExp(`${DECLARATION} (\\w+)`, 'gm'))) {
    names.add(`${kind === 'interface' ? 'type' : kind} ${name}`)
  }
  return [...names].sort(byName)
}

/** What a name is that an index passes on. */
function kindOf(name: string, index: string, from: string | undefined): string {
  const file = from === undefined ? index : join(dirname(index), from.replace(/\.[jt]s$/, '.d.ts'))
  const text = readFileSync(file, 'utf8')
  const kind = new RegExp(`${DECLARATION} ${name}\\b`, 'm').exec(text)?.[1]
  if (kind === undefined) throw new Error(`${file} does not declare ${name}`)
  return kind === 'interface' ? 'type' : kind
}

function byName(a: string, b: string): number {
  const [left = '', right = ''] = [a, b].map((line) => line.slice(line.indexOf(' ')))
  return left < right ? -1 : left > right ? 1 : 0
}
