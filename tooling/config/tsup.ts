import { defineConfig, type Options } from 'tsup'

/**
 * How every published package is built: tsup emits the JavaScript. The declarations come from
 * `tsc`, because tsup 9 cannot emit them with TypeScript 7.
 */
export function libraryBuild(): Options | Options[] | ((options: Options) => Options) {
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
