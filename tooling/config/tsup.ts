import { defineConfig, type Options } from 'tsup'

/** A tsup configuration. */
export type LibraryBuild = Options | Options[] | ((options: Options) => Options)

/**
 * How every published package is built: tsup emits the JavaScript, `tsc` the declarations, because
 * tsup 9 cannot emit them with TypeScript 7.
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
    // Keeps the prefix: some modules, such as node:sqlite, have no name without it.
    removeNodeProtocol: false,
  }) as Options
}
