import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { EXCEPTIONS } from '../src/exceptions.ts'
import { checkLayout } from '../src/layout.ts'
import { root } from './workspace.ts'

describe('the layout of this repository', () => {
  it('has no fault', () => {
    expect(checkLayout(root, EXCEPTIONS)).toEqual([])
  })
})

const folders: string[] = []

/** Makes a repository of these files, for one test. */
function treeOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'grid-layout-'))
  folders.push(folder)
  for (const [path, text] of Object.entries({ 'docs/architecture.md': '', ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  return folder
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

describe('an import circle', () => {
  it.each([
    ['of values', "import { b } from './b.ts'\n"],
    ['of types', "import type { b } from './b.ts'\n"],
    ['of re-exports', "export { b } from './b.ts'\n"],
    ['of everything', "export * from './b.ts'\n"],
    ['of an import over many lines', "import {\n  b,\n  type c,\n} from './b.ts'\n"],
    ['of effects', "import './b.ts'\n"],
    ['of an import at run time', "export const b = await import('./b.ts')\n"],
    ['of a type in place', "export type B = typeof import('./b.ts')\n"],
  ])('%s is found', (_, code) => {
    const tree = treeOf({
      'packages/x/src/a.ts': code,
      'packages/x/src/b.ts': "import { a } from './a.ts'\n",
    })
    expect(checkLayout(tree)).toEqual([
      expect.stringMatching(
        /^import circle:(.|\n)* packages\/x\/src\/b.ts imports a from .*\/a.ts/,
      ),
    ])
  })

  it('of three files is shown as its shortest way round, with what is imported', () => {
    const tree = treeOf({
      'apps/x/src/a.ts': "import type { B } from './b.ts'\nimport { c } from './c.ts'\n",
      'apps/x/src/b.ts': "import { type C, c } from './c.ts'\n",
      'apps/x/src/c.ts': "import { a } from './a.ts'\n",
    })
    expect(checkLayout(tree)).toEqual([
      `import circle, one among 3 files:
    apps/x/src/a.ts imports c from apps/x/src/c.ts
    apps/x/src/c.ts imports a from apps/x/src/a.ts
    (key: circle apps/x/src/a.ts apps/x/src/b.ts apps/x/src/c.ts)`,
    ])
  })

  it('is none where a comment shows an import, or files import the same', () => {
    const tree = treeOf({
      'tooling/x/src/a.ts': "/**\n * import { b } from './b.ts'\n */\nimport './c.ts'\n",
      'tooling/x/src/b.ts': "import { a } from './a.ts'\nimport './c.ts'\n",
      'tooling/x/src/c.ts': '',
    })
    expect(checkLayout(tree)).toEqual([])
  })
})

describe('the order of folders', () => {
  const order = '```folders packages/x/src\nindex.ts # all\nread  write\ntables\n```\n'
  const clean = {
    'docs/architecture.md': order,
    'packages/x/src/index.ts': "export { a } from './read/a.ts'\n",
    'packages/x/src/read/a.ts': "import { t } from '../tables/deep/t.ts'\n",
    'packages/x/src/write/w.ts': '',
    'packages/x/src/tables/deep/t.ts': "import { s } from '../s.ts'\n",
    'packages/x/src/tables/s.ts': '',
  }

  it('allows imports that point down or stay in a folder', () => {
    expect(checkLayout(treeOf(clean))).toEqual([])
  })

  it.each([
    [
      'up',
      'tables/s.ts',
      'packages/x/src/tables imports packages/x/src/write, which stands above it',
    ],
    [
      'sideways',
      'read/b.ts',
      'packages/x/src/read imports packages/x/src/write, which stands beside',
    ],
  ])('refuses an import that points %s', (_, from, message) => {
    const path = `packages/x/src/${from}`
    const tree = treeOf({ ...clean, [path]: "import type { W } from '../write/w.ts'\n" })
    const [fault, ...others] = checkLayout(tree)
    expect(others).toEqual([])
    expect(fault).toContain(message)
    expect(fault).toContain(`${path} imports W from packages/x/src/write/w.ts`)
  })

  it('must name every folder, and only what is there', () => {
    const lone = { ...clean, 'packages/x/src/new/n.ts': '' }
    expect(checkLayout(treeOf(lone))).toEqual([
      expect.stringContaining('src/new has no place in the order of docs/architecture.md (n.ts)'),
    ])
    const { 'packages/x/src/write/w.ts': _, ...less } = clean
    expect(checkLayout(treeOf(less))).toEqual([expect.stringContaining('src/write has a place')])
  })

  it('must be stated for every package that has folders', () => {
    const tree = treeOf({ ...clean, 'docs/architecture.md': '' })
    expect(checkLayout(tree)).toEqual([expect.stringContaining('states no order')])
  })
})

describe('a folder of sources', () => {
  const filesOf = (count: number): string =>
    treeOf(Object.fromEntries(Array.from({ length: count }, (_, n) => [`apps/x/src/f${n}.ts`, ''])))

  it('may hold 16 files and no more', () => {
    expect(checkLayout(filesOf(16))).toEqual([])
    expect(checkLayout(filesOf(17))).toEqual([expect.stringContaining('apps/x/src holds 17 files')])
  })
})

describe('the name of a channel', () => {
  const path = 'apps/x/src/a.ts'
  it.each(["if (c === 'ticker') a()", 'const c = "publicTrade"', 'const c = `ticker`'])(
    'is refused in %s',
    (line) => {
      expect(checkLayout(treeOf({ [path]: `// First.\n${line}\n` }))).toEqual([
        expect.stringContaining(`${path}:2: ${line}`),
      ])
    },
  )

  it.each([
    ['apps/x/src/a.ts', "/** Such as 'ticker'. */\nconst a = 1 // or 'publicTrade'\n"],
    ['apps/x/src/a.ts', "const prefix = 'ticker.'\n"],
    ['packages/core-events/src/events/market/ticker.ts', "const channel = 'ticker'\n"],
    ['tooling/x/src/a.ts', "const channel = 'ticker'\n"],
  ])('is allowed in %s: %j', (file, text) => {
    const order = '```folders packages/core-events/src\n.\n```\n'
    const core = file.startsWith('packages/') ? { 'docs/architecture.md': order } : {}
    expect(checkLayout(treeOf({ ...core, [file]: text }))).toEqual([])
  })
})

describe('an exception', () => {
  const tree = { 'apps/x/src/a.ts': "const channel = 'ticker'\n" }
  const key = 'channel apps/x/src/a.ts'

  it('allows what it names, and nothing else', () => {
    expect(checkLayout(treeOf(tree), [key])).toEqual([])
    const more = { ...tree, 'apps/x/src/b.ts': "const channel = 'ticker'\n" }
    expect(checkLayout(treeOf(more), [key])).toHaveLength(1)
  })

  it('is a fault itself once it is needed no more', () => {
    expect(checkLayout(treeOf({}), [key])).toEqual([expect.stringContaining(key)])
  })
})
