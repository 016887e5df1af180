import module from 'node:module'
import { fileURLToPath } from 'node:url'
import v8 from 'node:v8'

const REQUIRED_NODE = 24
/** A name that is not followed when this file is built: the program is a file of its own. */
const PROGRAM = './main.mjs'

if (Number(process.versions.node.split('.')[0]) < REQUIRED_NODE) {
  process.stderr.write(
    `event-saver needs Node ${REQUIRED_NODE} or newer, this is ${process.version}; start it with npx -y pnpm@12 start\n`,
  )
  process.exit(1)
}
// Only `run`: what is kept is the code that the first process used, and other commands use little of it.
if (process.argv[2] === 'run') {
  module.enableCompileCache?.(fileURLToPath(new URL('compile-cache', import.meta.url)))
  // Garbage is collected when the heap has doubled, and not at three or four times its size: most of it is frames and rows
  // that were stored long ago.
  v8.setFlagsFromString('--heap-growing-percent=100')
}
await import(PROGRAM)
