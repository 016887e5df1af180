import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readSources } from '../src/source-files.ts'
import { root } from './workspace.ts'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const statedIn = (file: string, pattern: RegExp): string => pattern.exec(read(file))?.[1] ?? ''

it('one version of Node is stated everywhere', () => {
  const version = statedIn('pnpm-workspace.yaml', /^ {2}node: (\S+)$/m)
  expect(version).toMatch(/^24\./)
  expect(read('.node-version').trim()).toBe(version)
  expect(statedIn('pnpm-workspace.yaml', /^nodeVersion: (\S+)$/m)).toBe(version)
})

it('editors format as the formatter does', () => {
  const { formatter } = JSON.parse(read('biome.json')) as {
    formatter: { indentStyle: string; indentWidth: number; lineWidth: number }
  }
  const everyFile = statedIn('.editorconfig', /^\[\*\]\n([^[]*)/m)
  expect(everyFile).toContain(`indent_style = ${formatter.indentStyle}\n`)
  expect(everyFile).toContain(`indent_size = ${formatter.indentWidth}\n`)
  expect(everyFile).toContain(`max_line_length = ${formatter.lineWidth}\n`)
})

it('git, and with it the linter, ignores no folder of sources', () => {
  const sources = [...readSources(root).keys()]
  const args = ['check-ignore', '--no-index', '--stdin']
  const ignored = (paths: readonly string[]): string =>
    execFileSync('git', args, { cwd: root, input: paths.join('\n'), encoding: 'utf8' })
  // git exits with 1 when it ignores none.
  expect(() => ignored(sources)).toThrow(expect.objectContaining({ status: 1, stdout: '' }))
  expect(ignored(['packages/db/dist/a.ts'])).toBe('packages/db/dist/a.ts\n')
})
