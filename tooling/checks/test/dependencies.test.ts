import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageFolders, readManifest, root } from './workspace.ts'

/** Which of our packages another may ask for; what is not listed here may ask for any. */
const ALLOWED: Readonly<Record<string, { runtime: string[]; tests: string[] }>> = {
  '@grid/core-events': { runtime: [], tests: [] },
  '@grid/bybit-adapter': { runtime: ['@grid/core-events'], tests: ['@grid/bybit-sim'] },
  '@grid/db': { runtime: ['@grid/core-events'], tests: ['@grid/testing'] },
  '@grid/bybit-sim': { runtime: ['@grid/core-events'], tests: [] },
  '@grid/testing': { runtime: [], tests: [] },
  '@grid/config': { runtime: [], tests: [] },
}

const manifests = packageFolders().map((folder) => readManifest(join(root, folder)))
const ours = new Set(manifests.map(({ name }) => name))
const asked = (record: Readonly<Record<string, string>> = {}): string[] =>
  Object.keys(record).filter((name) => ours.has(name))

describe('package.json', () => {
  it('exists for every package that a rule is stated for', () => {
    expect([...ours]).toEqual(expect.arrayContaining(Object.keys(ALLOWED)))
  })

  it('of every published package has a rule', () => {
    const published = manifests.filter((manifest) => !manifest.private).map(({ name }) => name)
    expect(Object.keys(ALLOWED)).toEqual(expect.arrayContaining(published))
  })

  it.each(manifests.filter(({ name }) => name in ALLOWED))(
    'of $name asks only for what it may import',
    (manifest) => {
      const { runtime, tests } = ALLOWED[manifest.name] ?? { runtime: [], tests: [] }
      expect(runtime).toEqual(
        expect.arrayContaining([
          ...asked(manifest.dependencies),
          ...asked(manifest.peerDependencies),
        ]),
      )
      expect(['@grid/config', ...runtime, ...tests]).toEqual(
        expect.arrayContaining(asked(manifest.devDependencies)),
      )
    },
  )

  it.each(manifests.filter((manifest) => manifest.peerDependencies))(
    'of $name states its peers as ranges, which the catalog would pin',
    (manifest) => {
      for (const range of Object.values(manifest.peerDependencies ?? {})) {
        expect(range).toMatch(/^(\^|>=)/)
      }
    },
  )
})
