import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startSimulator } from '@grid/bybit-sim'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publicNames } from '../src/public-names.ts'
import { readManifest, root } from './workspace.ts'

const LIBRARIES = ['core-events', 'bybit-adapter', 'db'] as const
const consumerFiles = fileURLToPath(new URL('./consumer/', import.meta.url))
const EXAMPLES = readdirSync(consumerFiles)
const require = createRequire(import.meta.url)
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc')

let folder = ''
let project = ''
const tarballs = new Map<string, string>()

async function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(command, args, {
      cwd,
      env: { ...process.env, ...env },
    })
    return stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error })
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'grid-pack-'))
  // Packing builds; the others' declarations need those of the first.
  for (const name of LIBRARIES) {
    const source = join(root, 'packages', name)
    const file = join(folder, `${name}.tgz`)
    await run('pnpm', ['pack', '--out', file], source)
    tarballs.set(name, file)
  }
}, 180_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(LIBRARIES)('the tarball of %s', (name) => {
  let unpacked = ''
  let files: string[] = []
  beforeAll(async () => {
    unpacked = join(folder, 'unpacked', name)
    mkdirSync(unpacked, { recursive: true })
    await run('tar', ['-xzf', tarballs.get(name) ?? '', '-C', unpacked], folder)
    files = readdirSync(join(unpacked, 'package'), { recursive: true, encoding: 'utf8' })
  })

  it('ships what a user needs and nothing of ours', () => {
    expect(files).toEqual(
      expect.arrayContaining(['README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']),
    )
    expect(files.filter((file) => !/^(dist|README\.md|LICENSE|package\.json)/.test(file))).toEqual(
      [],
    )
  })

  it.each(['@grid/source', 'catalog:', 'workspace:'])('does not mention %s', (word) => {
    const args = ['-rlF', '--', word, join(unpacked, 'package')]
    expect(() => execFileSync('grep', args, { encoding: 'utf8' })).toThrow(
      expect.objectContaining({ status: 1 }),
    )
  })

  it('exports the names that are on record; a change of them needs a changeset', async () => {
    const names = publicNames(join(unpacked, 'package/dist/index.d.ts'))
    await expect(`${names.join('\n')}\n`).toMatchFileSnapshot(`./public-names/${name}.txt`)
  })
})

describe('a project outside the workspace', () => {
  beforeAll(async () => {
    project = join(folder, 'project')
    cpSync(consumerFiles, project, { recursive: true })
    const ours = Object.fromEntries(
      LIBRARIES.map((name) => [`@grid/${name}`, `file:${tarballs.get(name)}`]),
    )
    const manifest = {
      private: true,
      type: 'module',
      dependencies: { ...ours, ...outside('zod', '@types/node', 'kysely', '@electric-sql/pglite') },
      overrides: { '@grid/core-events': '$@grid/core-events' },
    }
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    // By the real clock: npm dates what it keeps for later runs.
    const env = { NODE_OPTIONS: '' }
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], project, env)
  }, 180_000)

  it('has every declaration checked, not only those that it uses', async () => {
    expect(await run(process.execPath, [tsc, '-p', project], project)).toBe('')
  })

  it.each(EXAMPLES)('runs %s', async (file) => {
    await using simulator = await startSimulator({ seed: 1, symbols: ['BTCUSDT'] })
    await run(process.execPath, [file], project, { SIMULATOR_URL: simulator.wsUrl })
  })

  it.each(LIBRARIES)('requires %s from CommonJS', async (name) => {
    const script = `console.log(Object.keys(require('@grid/${name}')).length > 0)`
    const output = await run(process.execPath, ['--input-type=commonjs', '--eval', script], project)
    expect(output.trim()).toBe('true')
  })
})

/** The versions of outside packages that the workspace itself has. */
function outside(...names: string[]): Record<string, string> {
  const installed = join(root, 'tooling/checks/node_modules')
  return Object.fromEntries(
    names.map((name) => [name, readManifest(join(installed, name)).version]),
  )
}

const compilerOptions = {
  target: 'es2023',
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
}
