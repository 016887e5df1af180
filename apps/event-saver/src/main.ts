#!/usr/bin/env node
import { runProgram } from './cli/program.ts'
import { EXIT } from './exit-code.ts'
import { STDERR } from './log/stderr.ts'

const REQUIRED_NODE = 24

if (Number(process.versions.node.split('.')[0]) < REQUIRED_NODE) {
  process.stderr.write(
    `event-saver needs Node ${REQUIRED_NODE} or newer, this is ${process.version}; start it with npx -y pnpm@12 start\n`,
  )
  process.exit(1)
}

let unwritten: NodeJS.ErrnoException | null = null
// Without a listener, an error of a stream ends the process as an uncaught one.
process.stdout.on('error', (error) => {
  unwritten = error
})
process.stderr.on('error', () => {})

runProgram({
  argv: process.argv.slice(2),
  env: process.env,
  // pnpm runs scripts in the package's folder and says where the command was typed.
  cwd: process.env['INIT_CWD'] ?? process.cwd(),
  out: (text) => process.stdout.write(text),
  drained,
  err: (text) => STDERR.write(text),
  terminal: process.stderr.isTTY ? process.stderr : undefined,
  stdin: process.stdin,
}).then(exit, (error: unknown) => {
  STDERR.write(`event-saver: ${error instanceof Error ? error.stack : String(error)}\n`)
  exit(EXIT.failure)
})

/** Resolves once everything for stdout was written, or cannot be: what waits for a slow reader would end with the process. */
function drained(): Promise<void> {
  return new Promise((resolve) => {
    if (process.stdout.writableLength === 0) resolve()
    else process.stdout.write('', () => resolve())
  })
}

/** Ends the process, once it is known whether all data was written. */
async function exit(exitCode: number): Promise<void> {
  await drained()
  // A failed write is reported a step later.
  setImmediate(() => {
    const isRead = unwritten === null
    // A reader such as `head` leaves when it has enough.
    if (unwritten !== null && unwritten.code !== 'EPIPE') {
      STDERR.write(`event-saver: cannot write to stdout: ${unwritten.message}\n`)
    }
    STDERR.end()
    process.exit(isRead || exitCode !== EXIT.ok ? exitCode : EXIT.failure)
  })
}
