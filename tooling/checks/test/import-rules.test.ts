import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { biome, root } from './workspace.ts'

const from = (module: string): string => `export { a } from '${module}'\n`

/** Where the file lies, what it holds, and the rule that must refuse it. */
const FORBIDDEN: readonly (readonly [path: string, code: string, rule: string])[] = [
  ['packages/core-events/src', from('@grid/db'), 'noRestrictedImports'],
  ['packages/core-events/src', from('@grid/config/tsup'), 'noRestrictedImports'],
  ['packages/core-events/test', from('@grid/bybit-sim'), 'noRestrictedImports'],
  ['packages/bybit-adapter/src', from('@grid/db'), 'noRestrictedImports'],
  ['packages/bybit-adapter/src', from('@grid/bybit-sim'), 'noRestrictedImports'],
  ['packages/bybit-adapter/test', from('@grid/db'), 'noRestrictedImports'],
  ['packages/db/src', from('@grid/bybit-adapter'), 'noRestrictedImports'],
  ['packages/db/src', from('@grid/testing'), 'noRestrictedImports'],
  ['packages/db/src/deep', from('@grid/bybit-adapter'), 'noRestrictedImports'],
  ['packages/db/test', from('@grid/bybit-adapter'), 'noRestrictedImports'],
  ['tooling/bybit-sim/src', from('@grid/bybit-adapter'), 'noRestrictedImports'],
  ['tooling/bybit-sim/src', from('@grid/db'), 'noRestrictedImports'],
  ['tooling/bybit-sim/test', from('@grid/bybit-adapter'), 'noRestrictedImports'],

  [
    'packages/db/src',
    "import type { A } from '@grid/db'\nexport type B = A\n",
    'noRestrictedImports',
  ],
  ['packages/db/src', "export const a = import('@grid/bybit-adapter')\n", 'noRestrictedImports'],
  ['packages/db/src', "export const a = require('@grid/bybit-adapter')\n", 'noCommonJs'],
  ['packages/db/src', from('@grid/core-events/src/index.ts'), 'noRestrictedImports'],
  ['apps/event-saver/src', from('@grid/db/dist/index.js'), 'noRestrictedImports'],
  ['packages/db/src', from('../../core-events/src/index.ts'), 'noRestrictedImports'],
  ['packages/db/src/deep', from('../../../core-events/src/index.ts'), 'noRestrictedImports'],
  ['packages/db/test', from('../../testing/test/a.ts'), 'noRestrictedImports'],
  ['apps/event-saver/src', from('../../../packages/db/src/index.ts'), 'noRestrictedImports'],
  ['tooling/bybit-sim/src', from('../../../packages/db/src/index.ts'), 'noRestrictedImports'],

  ['packages/core-events/src', "console.error('a')\n", 'noRestrictedGlobals'],
  ['packages/db/src', "export const a = process.env['A']\n", 'noRestrictedGlobals'],
  ['packages/db/src', 'process.exit(1)\n', 'noRestrictedGlobals'],
  ['packages/db/src', "process.on('SIGTERM', () => undefined)\n", 'noRestrictedGlobals'],
  ['packages/db/src', "export { env } from 'node:process'\n", 'noRestrictedImports'],
  ['packages/core-events/src', "export { exit } from 'node:process'\n", 'noRestrictedImports'],
  [
    'packages/bybit-adapter/src',
    "import process from 'node:process'\nexport const a = process.pid\n",
    'noRestrictedImports',
  ],
]

const ALLOWED: readonly (readonly [path: string, code: string])[] = [
  ['packages/bybit-adapter/src', from('@grid/core-events')],
  ['packages/bybit-adapter/test', from('@grid/bybit-sim')],
  ['packages/db/src', from('@grid/core-events')],
  ['packages/db/src', "export { pid } from 'node:process'\n"],
  ['packages/db/test', from('@grid/testing')],
  ['packages/db/test', from('../src/index.ts')],
  ['packages/db/test/deep', from('../../src/index.ts')],
  ['packages/db/test/deep/er', from('../../../src/index.ts')],
  ['tooling/bybit-sim/src', from('@grid/core-events')],
  ['apps/event-saver/src', `${from('@grid/db')}console.info(process.pid)\n`],
]

const RULES = ['noRestrictedImports', 'noRestrictedGlobals', 'noCommonJs']

describe('the import rules', () => {
  let folder = ''
  let rulesBroken = new Map<string, Set<string>>()

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'grid-import-rules-'))
    for (const file of ['biome.json', '.gitignore']) await cp(join(root, file), join(folder, file))
    const files = [...FORBIDDEN, ...ALLOWED].map(([path, code], index) => ({
      path: join(folder, path, `file-${index}.ts`),
      code,
    }))
    for (const { path, code } of files) {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, code)
    }
    rulesBroken = await lint(folder)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each(FORBIDDEN.map((entry, index) => [index, ...entry] as const))(
    '%i: in %s refuse %j by %s',
    (index, path, _code, rule) => {
      expect(rulesBroken.get(`${path}/file-${index}.ts`)).toContain(rule)
    },
  )

  it.each(ALLOWED.map((entry, index) => [FORBIDDEN.length + index, ...entry] as const))(
    '%i: in %s allow %j',
    (index, path) => {
      const broken = [...(rulesBroken.get(`${path}/file-${index}.ts`) ?? [])]
      expect(broken.filter((rule) => RULES.includes(rule))).toEqual([])
    },
  )
})

/** The rules that each file under a folder breaks, by the linter's own report. */
async function lint(folder: string): Promise<Map<string, Set<string>>> {
  const args = ['lint', '--reporter=json', '--max-diagnostics=none']
  const run = promisify(execFile)(biome, args, { cwd: folder, maxBuffer: 2 ** 24 })
  const report = await run.then(
    () => Promise.reject(new Error('the linter found nothing wrong')),
    (failure: { stdout: string }) => failure.stdout,
  )
  const { diagnostics } = JSON.parse(report) as {
    diagnostics: { category: string; severity: string; location: { path: string } }[]
  }
  const byFile = new Map<string, Set<string>>()
  for (const { category, severity, location } of diagnostics) {
    if (severity !== 'error') continue
    const rules = byFile.get(location.path) ?? new Set()
    byFile.set(location.path, rules.add(category.split('/').at(-1) ?? category))
  }
  return byFile
}
