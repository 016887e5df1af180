import { defineConfig, type Options } from 'tsup'

/** What a tsup configuration may be. */
export type LibraryBuild = Options | Options[] | ((options: Options) => Options)

/**
 * How every published package is built: tsup emits the JavaScript. The declarations come from
 * `tsc`, because tsup 9 cannot emit them with TypeScript 7.
 */
export function libraryBuild(): LibraryBuild {
  return defineConfig({
    entry: ['src/index.ts'],
    format: ['esm'],
    target: 'node22',
    platform: 'node',
    sourcemap: true,
    clean: true,
    dts: false,
    treeshake: true,
    // Some modules, such as node:sqlite, have no name without the prefix.
    removeNodeProtocol: false,
  }) as Options
}
