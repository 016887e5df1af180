import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
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
