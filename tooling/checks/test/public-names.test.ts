import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publicNames } from '../src/public-names.ts'

describe('the public names of a package', () => {
  let folder = ''
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'grid-names-'))
    write('shapes.d.ts', 'export declare abstract class Shape {}\nexport interface Area {}\n')
    write('math.d.ts', 'export declare const PI: number;\nexport declare function area(): Area;\n')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('are sorted, each with its kind and under the name that users see', () => {
    const index = write(
      'index.d.ts',
      `export { area as surface, PI, } from './math.ts';
export { type Area, Shape } from './shapes.ts';
export type { Shape as ShapeType } from './shapes.ts';
export declare const version = "1";
`,
    )
    expect(publicNames(index)).toEqual([
      'type Area',
      'const PI',
      'class Shape',
      'type ShapeType',
      'function surface',
      'const version',
    ])
  })

  it('cannot be told where the index exports whatever a file has', () => {
    expect(() => publicNames(write('star.d.ts', "export * from './math.ts';\n"))).toThrow(
      'instead of export *',
    )
  })

  it('must be declared in the files that the index names', () => {
    const index = write('gone.d.ts', "export { gone } from './math.ts';\n")
    expect(() => publicNames(index)).toThrow('does not declare gone')
  })
})
