import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder =
  process.env['GRID_FIXTURES'] ??
  fileURLToPath(new URL('../../../../../shared/fixtures/bybit', import.meta.url))

/** Why recorded messages cannot be read on this machine; null if they can. */
export const whyNoRealMessages: string | null = existsSync(folder)
  ? null
  : `no recorded messages at ${folder} (GRID_FIXTURES names another folder)`

/** The lines of each recorded file whose path matches, by path. */
export function realMessages(path: RegExp): ReadonlyMap<string, readonly string[]> {
  if (whyNoRealMessages !== null) return new Map()
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return new Map(
    names
      .filter((name) => path.test(name))
      .sort()
      .map((name) => [name, readFileSync(`${folder}/${name}`, 'utf8').split('\n').filter(Boolean)]),
  )
}
