import { defineConfig, type Options } from 'tsup'

/** All but PGlite, whose files of data lie beside its code, and what is native: found at run time, if there. */
const INSIDE = /^(?!@electric-sql\/pglite|pg-native)/

/** The deployed build: the whole program in one file, and a small one that starts it. */
const config: Options = defineConfig({
  entry: { main: 'src/main.ts', 'event-saver': 'src/deployed.ts' },
  format: ['esm'],
  target: 'node24',
  platform: 'node',
  outExtension: () => ({ js: '.mjs' }),
  noExternal: [INSIDE],
  splitting: false,
  dts: false,
  // A process that is just starting must find its files.
  clean: false,
  removeNodeProtocol: false,
  // Packages in CommonJS ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
  esbuildOptions(options) {
    options.conditions = ['@grid/source']
    // Without comments, and of one byte a character: the whole text is read at each start. Names stay, for
    // stack traces.
    options.charset = 'ascii'
    options.minifyWhitespace = true
    options.minifySyntax = true
    options.lineLimit = 200
  },
}) as Options

export default config
